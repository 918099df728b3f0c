"""An engine that only pours one log, as a program: `python -m tests.benchmarks.pour SOCKET LINES`.

It sends each line as dockerd does: a chunk of its own, of one frame. What it sends is made beforehand.
"""

import socket
import struct
import sys

TEXTS = (
    "INFO  request GET /api/v1/orders/{n} 200 {ms} ms trace={n:x}",
    '{{"time":"2026-03-01T14:27:52Z","level":"info","msg":"handled order","order":{n},"ms":{ms}}}',
    '10.0.0.{ms} - - [01/Mar/2026:14:27:52 +0000] "GET /health HTTP/1.1" 200 {n} "-" "curl/8"',
    "2026-03-01 14:27:52,118 [worker-{ms}] WARN  o.s.Pool - pool nearly exhausted, waiting {n}",
    'ts=2026-03-01T14:27:52Z lvl=error msg="connection refused" attempt={ms} peer=10.0.0.{n}',
)
_HEAD = b"HTTP/1.1 200 OK\r\nApi-Version: 1.41\r\nContent-Type: application/json\r\n"


def chunk(number: int) -> bytes:
    """Line `number` as it is sent."""
    text = TEXTS[number % len(TEXTS)].format(n=number, ms=number % 300)
    stamp = f"2026-03-01T14:{number // 60_000_000 % 60:02d}:{number // 10_000 % 60:02d}.{number % 10_000:04d}00000Z"
    line = f"{stamp} {text}\n".encode()
    frame = struct.pack(">BxxxL", 1, len(line)) + line
    return b"%x\r\n%b\r\n" % (len(frame), frame)


def serve(path: str, lines: int) -> None:
    """Answer one connection after the other until the socket's owner ends this program."""
    poured = b"".join(map(chunk, range(lines)))
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(path)
        listening.listen(8)
        print("ready", flush=True)
        held = []
        while True:
            connection, _ = listening.accept()
            held.append(connection)
            target = connection.recv(65536).split(b" ")[1]
            if b"/logs" in target:
                connection.sendall(_HEAD + b"Transfer-Encoding: chunked\r\n\r\n" + poured)
                continue
            body = b'{"Id": "web-1-id", "Config": {"Tty": false}}' if target.endswith(b"/json") else b"OK"
            connection.sendall(_HEAD + b"Connection: close\r\nContent-Length: %d\r\n\r\n%b" % (len(body), body))


if __name__ == "__main__":
    serve(sys.argv[1], int(sys.argv[2]))

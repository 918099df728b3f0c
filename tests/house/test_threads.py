"""What is read in several threads at once, by clients that connect, has its types from its import."""

import subprocess
import sys
from hashlib import sha256
from pathlib import Path

import pytest

MANY_FIRST_READS = """
import importlib, sys, threading
from pathlib import Path

sys.setswitchinterval(1e-6)
name, call, folder = sys.argv[1:]
module = importlib.import_module(name)

def read(gate):
    gate.wait()
    eval(call, vars(module) | {"folder": Path(folder)})

for _ in range(30):
    importlib.reload(module)  # its types are others: nobody has met them yet
    gate = threading.Barrier(4)
    threads = [threading.Thread(target=read, args=(gate,)) for _ in range(4)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
print("all read")
"""
PROD = sha256(b"prod").hexdigest()
FILES = {
    "kubeconfig": '{"clusters": [{"name": "a", "cluster": {"server": "https://a"}}]}',
    f"contexts/meta/{PROD}/meta.json": '{"Name": "prod", "Endpoints": {"docker": {"Host": "unix:///a"}}}',
}


@pytest.mark.parametrize(
    ("module", "call"),
    [
        ("cockpit.backends.kubernetes.kubeconfig", "load({'KUBECONFIG': str(folder / 'kubeconfig')})"),
        ("cockpit.backends.docker.endpoint", "_from_context('prod', {'DOCKER_CONFIG': str(folder)}, 'a test')"),
    ],
)
def test_the_first_reads_may_come_at_once(module: str, call: str, tmp_path: Path) -> None:
    """msgspec ends the program (SIGSEGV) where two threads are the first to decode a type."""
    for name, text in FILES.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text, "utf-8")
    argv = [sys.executable, "-c", MANY_FIRST_READS, module, call, str(tmp_path)]
    ran = subprocess.run(argv, check=False, capture_output=True, text=True, timeout=120)
    assert (ran.returncode, ran.stdout, ran.stderr) == (0, "all read\n", "")

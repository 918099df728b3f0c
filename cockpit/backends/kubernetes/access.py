"""Which API server, as whom: a context of the kubeconfig, or the account of the pod that the cockpit runs in."""

import base64
import binascii
import contextlib
import os
import re
import ssl
from collections.abc import Iterator, Mapping
from pathlib import Path
from urllib.parse import urlsplit

from msgspec import Struct

from cockpit.backends.base import SourceError
from cockpit.backends.kubernetes.kubeconfig import Cluster, Kubeconfig, User, config_files, load
from cockpit.backends.kubernetes.proxies import proxy_of
from cockpit.profile.schema import Backend

POD_ACCOUNT = Path("/var/run/secrets/kubernetes.io/serviceaccount")
_SCHEMES = ("http", "https")
_LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})


class Access(Struct, frozen=True, kw_only=True):
    """One API server and one user. server has no slash at its end; origin says who named it; namespace may be empty.

    inside: the cockpit runs in a pod of this cluster.
    entry: names the user among all files, so that its login command runs once at a time.
    """

    server: str
    context: str
    namespace: str = ""
    origin: str = ""
    entry: str = ""
    cluster: Cluster
    user: User
    proxy: str = ""
    inside: bool = False

    @property
    def host(self) -> str:
        """The server's host, for a sentence."""
        return urlsplit(self.server).hostname or self.server

    @property
    def near(self) -> bool:
        """Whether the server, or what leads to it, is on this machine."""
        return self.host in _LOOPBACK and not self.proxy


def find_access(backend: Backend, environ: Mapping[str, str], account: Path = POD_ACCOUNT) -> Access:
    """What a backend of the profile means. Blocks on files: call it in a thread. SourceError says what is missing."""
    config = load(environ)
    if not config.files and not backend.context:
        inside = _inside(environ, account)
        if inside is not None:
            return inside
        files = ", ".join(map(str, config_files(environ)))
        raise SourceError(f"there is no kubeconfig ({files}): name one in KUBECONFIG, or log in to the cluster first")
    name = backend.context or config.current
    origin = "the profile" if backend.context else "the current context"
    if not name:
        raise SourceError(
            "the kubeconfig has no current context: name one in the profile, or kubectl config use-context"
        )
    return _of_context(config, name, origin, environ)


def _of_context(config: Kubeconfig, name: str, origin: str, environ: Mapping[str, str]) -> Access:
    context = config.contexts.get(name)
    if context is None:
        raise SourceError(
            f"there is no Kubernetes context {name!r} ({origin} names it): see kubectl config get-contexts"
        )
    cluster = config.clusters.get(context.cluster)
    if cluster is None or not cluster.server:
        raise SourceError(
            f"context {name} means the cluster {context.cluster!r}, which the kubeconfig does not describe"
        )
    user = config.users.get(context.user) if context.user else User()
    if user is None:
        raise SourceError(f"context {name} means the user {context.user!r}, who is not in the kubeconfig")
    server = _server(cluster.server, name)
    return Access(
        server=server, context=name, namespace=context.namespace, origin=origin,
        entry=f"{':'.join(map(str, config.files))}#{context.user}", cluster=cluster, user=user,
        proxy=proxy_of(cluster.proxy_url, server, environ),
    )  # fmt: skip


def _inside(environ: Mapping[str, str], account: Path) -> Access | None:
    host, port = environ.get("KUBERNETES_SERVICE_HOST", ""), environ.get("KUBERNETES_SERVICE_PORT", "443")
    token = account / "token"
    if not host or not token.exists():
        return None
    host = f"[{host}]" if ":" in host else host
    authority = account / "ca.crt"
    try:
        namespace = (account / "namespace").read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError):
        namespace = ""
    return Access(
        server=f"https://{host}:{port}", context="in-cluster", namespace=namespace, origin="the pod's account",
        entry=str(token), cluster=Cluster(certificate_authority=str(authority) if authority.exists() else ""),
        user=User(token_file=str(token)), inside=True,
    )  # fmt: skip


def _server(words: str, context: str) -> str:
    words = words.strip()
    scheme = words.partition(":")[0].lower()
    try:
        parts = urlsplit(words)
        usable = parts.scheme in _SCHEMES and bool(parts.hostname) and (parts.port or 1) > 0
        usable = usable and parts.username is None and not parts.query and not parts.fragment
    except ValueError:
        usable = False
    if not usable:
        raise SourceError(f"context {context} names a server that is no http(s)://host[:port] address")
    return f"{scheme}{words[len(scheme) :]}".rstrip("/")


def tls_context(access: Access, certificate: str = "", key: str = "") -> ssl.SSLContext | None:
    """How to speak TLS with the server; None for plain HTTP. certificate, key: PEM that a login command gave.

    SourceError names what cannot be used. Blocks on files.
    """
    if not access.server.startswith("https:"):
        return None
    cluster, user = access.cluster, access.user
    where = f"context {access.context}"
    try:
        pem = _decoded(cluster.certificate_authority_data, where, "certificate-authority-data")
        # What stands in the kubeconfig itself comes before a file, as with kubectl: it is not trusted beside it.
        file = "" if pem else cluster.certificate_authority
        context = ssl.create_default_context(cafile=file or None, cadata=pem or None)
    except (OSError, ssl.SSLError, ValueError) as error:
        raise SourceError(f"{where}: the cluster's certificate authority cannot be used: {error}") from None
    if cluster.insecure_skip_tls_verify:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    certificate = certificate or _decoded(user.client_certificate_data, where, "client-certificate-data")
    key = key or _decoded(user.client_key_data, where, "client-key-data")
    if certificate or user.client_certificate:

        def locked() -> str:
            # Without an answer OpenSSL asks on the terminal, under the screen, and the keys go there.
            raise SourceError(f"{where}: its client key has a passphrase, for which nobody is asked here")

        try:
            with _as_file(certificate, user.client_certificate) as first, _as_file(key, user.client_key) as second:
                context.load_cert_chain(first, second or None, password=locked)
        except (OSError, ssl.SSLError) as error:
            raise SourceError(f"{where}: the client certificate cannot be used: {error}") from None
    return context


def _decoded(data: str, where: str, field: str) -> str:
    if not data:
        return ""
    try:
        return base64.b64decode(re.sub(r"\s", "", data), validate=True).decode("ascii")
    except (binascii.Error, UnicodeDecodeError):
        raise SourceError(f"{where}: {field} is no base64 of a PEM file") from None


@contextlib.contextmanager
def _as_file(pem: str, path: str) -> Iterator[str]:
    """A path that holds `pem`: OpenSSL reads keys from files only, so one that exists in memory alone."""
    if not pem:
        yield path
        return
    number = os.memfd_create("pem", os.MFD_CLOEXEC)
    try:
        os.write(number, pem.encode())
        yield f"/proc/self/fd/{number}"
    finally:
        os.close(number)

"""A certificate authority of one's own, and the certificates it gives."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, load_pem_private_key
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

CA_DAYS = 3650
DAYS = 825
"""Longer than a stage of an election, short enough that changing keys stays a practised thing."""

_CLOCK_ERROR = timedelta(hours=1)
"""A machine whose clock is behind takes a new certificate all the same."""


def new_key() -> bytes:
    """Return a new private key (P-256), PEM: PKCS #8, as Java wants it, not encrypted."""
    key = ec.generate_private_key(ec.SECP256R1())
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def new_authority(key_pem: bytes) -> bytes:
    """Return the certificate, PEM, of an authority that may sign others and nothing else."""
    key = _load(key_pem)
    name = _name("Kawal authority")
    built = _begin(name, name, key.public_key(), CA_DAYS)
    built = built.add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
    built = built.add_extension(_usage(signs_certificates=True), critical=True)
    return built.sign(key, SHA256()).public_bytes(Encoding.PEM)


def new_certificate(account: str, key_pem: bytes, authority: tuple[bytes, bytes], hosts: Sequence[str] = ()) -> bytes:
    """Return a certificate, PEM, for the account; `authority` is its certificate and key, PEM.

    With `hosts`, names or addresses, it is for a server too that answers there.
    """
    ca, ca_key = x509.load_pem_x509_certificate(authority[0]), _load(authority[1])
    built = _begin(_name(account), ca.subject, _load(key_pem).public_key(), DAYS)
    built = built.add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
    built = built.add_extension(_usage(signs_certificates=False), critical=True)
    built = built.add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(ca_key.public_key()), critical=False)
    uses = [ExtendedKeyUsageOID.CLIENT_AUTH, *[ExtendedKeyUsageOID.SERVER_AUTH] * bool(hosts)]
    built = built.add_extension(x509.ExtendedKeyUsage(uses), critical=False)
    if hosts:
        built = built.add_extension(x509.SubjectAlternativeName(list(map(_host, hosts))), critical=False)
    return built.sign(ca_key, SHA256()).public_bytes(Encoding.PEM)


def fault_of(certificate_pem: bytes, key_pem: bytes, authority_pem: bytes, hosts: Sequence[str] = ()) -> str | None:
    """Return what is wrong with a certificate, None where all is well. Raises ValueError if unreadable."""
    certificate, ca = map(x509.load_pem_x509_certificate, (certificate_pem, authority_pem))
    if certificate.public_key() != _load(key_pem).public_key():
        return "is not of the key beside it"
    try:
        certificate.verify_directly_issued_by(ca)
    except Exception:
        return "is of another authority"
    if missing := [host for host in hosts if not _is_for(certificate, host)]:
        return f"is not for {', '.join(missing)}"
    expires = certificate.not_valid_after_utc
    return f"expired on {expires:%Y-%m-%d}" if expires < datetime.now(UTC) else None


def _is_for(certificate: x509.Certificate, host: str) -> bool:
    try:
        return _host(host) in certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return False


def expiry_of(certificate_pem: bytes) -> datetime:
    """Return the instant at which a certificate expires."""
    return x509.load_pem_x509_certificate(certificate_pem).not_valid_after_utc


def _begin(subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePublicKey, days: int) -> x509.CertificateBuilder:
    now = datetime.now(UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - _CLOCK_ERROR)
        .not_valid_after(now + timedelta(days=days))
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
    )


def _usage(signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs_certificates,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )


def _name(common: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common)])


def _host(host: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ip_address(host))
    except ValueError:
        return x509.DNSName(host)


def _load(key_pem: bytes) -> ec.EllipticCurvePrivateKey:
    key = load_pem_private_key(key_pem, password=None)
    assert isinstance(key, ec.EllipticCurvePrivateKey), "our keys are made by new_key"
    return key

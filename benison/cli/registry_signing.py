"""``benison registry sign``: a signature of a version, made here or taken in."""

from __future__ import annotations

import os
from pathlib import Path

import click

from benison.cli.registry_opening import open_registry, which
from benison.core import digests, signing_keys
from benison.core.errors import DataError
from benison.core.signing_keys import PrivateKey
from benison.registry.sign import Signed, take_in
from benison.registry.sign import sign as sign_version

_FILE = click.Path(path_type=Path, dir_okay=False)


@click.command()
@click.argument("version")
@click.option("--key", type=_FILE, help="The private key: ECDSA, in PEM.")
@click.option("--key-from", metavar="NAME", help="The variable of the environment that holds it instead.")
@click.option("--password-from", metavar="NAME", help="The variable that holds its password, where it is encrypted.")
@click.option("--signature", type=_FILE, help="Take in a signature that was made elsewhere, as by model_signing.")
@which
def sign(
    version: str,
    key: Path | None,
    key_from: str | None,
    password_from: str | None,
    signature: Path | None,
    folder: Path,
    registry: str | None,
) -> None:
    """Sign VERSION, in the format of OpenSSF model signing; the signature lies beside the package, not in it."""
    if sum(one is not None for one in (key, key_from, signature)) != 1 or (signature and password_from):
        raise click.UsageError("name one of --key, --key-from and --signature")
    opened = open_registry(folder, registry)
    if signature is not None:
        _say(take_in(opened, version, _bytes(signature)))
    else:
        _say(sign_version(opened, version, _key(key, key_from or "", password_from)))


def _key(path: Path | None, variable: str, password_from: str | None) -> PrivateKey:
    password = signing_keys.text_in(os.environ, password_from).encode() if password_from else None
    if path is None:
        return signing_keys.private_in(os.environ, variable, password)
    return signing_keys.read_private(path, password)


def _bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise DataError(str(path), expected="a signature", got=error.strerror or str(error)) from error


def _say(signed: Signed) -> None:
    trust = "trusted" if signed.believed else "which no rule trusts so far: release.signatures.trusted in benison.yaml"
    done = "is signed" if signed.made else "was signed before"
    click.echo(f"version {digests.short(signed.package)} {done} by key {digests.short(signed.found.key)}, {trust}")
    click.echo(signed.where)

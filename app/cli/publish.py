"""`dqmhub mirror-key`: the key that signs the published data of this hub."""

from __future__ import annotations

import click

from app import cli


@click.command()
def mirror_key() -> None:
    """Print the public key of this hub for its mirrors.

    Creates the key pair if there is none. An existing key is never overwritten. To change keys, give the mirrors both public keys first.
    """
    settings = cli.settings()
    from app.publish import keys

    path = keys.key_path(settings)
    try:
        created = keys.make_key(settings)
    except OSError as error:
        raise click.ClickException(f"Cannot write {path}: {error.strerror}. See the setting publish_key") from error
    if created:
        click.echo(f"Created {path}. Keep it secret: whoever has it can publish in the name of this hub", err=True)
    click.echo(keys.signing_key(settings).public_key().public_bytes_raw().hex())

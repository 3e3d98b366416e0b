"""`dqmhub mirror-key`: the key by which mirrors know this hub."""

from __future__ import annotations

import click

from app import cli


@click.command()
def mirror_key() -> None:
    """Print the public key that mirrors of this hub are given; make the private one when there is none.

    One that is there is never overwritten: to change keys, give mirrors both public keys first.
    """
    settings = cli.settings()
    from app.publish import keys

    path = keys.key_path(settings)
    try:
        made = keys.make_key(settings)
    except OSError as error:
        raise click.ClickException(f"{path} cannot be written: {error.strerror}; see the setting publish_key") from error
    if made:
        click.echo(f"made {path}; whoever has it can speak to the mirrors in the name of this hub", err=True)
    click.echo(keys.signing_key(settings).public_key().public_bytes_raw().hex())

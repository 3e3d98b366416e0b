"""`dqmhub mirror-key`: the key that signs the published data of this hub; `dqmhub publish`: the pseudonyms in it."""

from __future__ import annotations

import click

from app import cli


@click.command()
def mirror_key() -> None:
    """Print the public key of this hub for its mirrors.

    Creates the key pair if there is none. An existing key is never overwritten. To change keys, give the mirrors both public keys first.
    """
    settings = cli.settings()
    from app.ops.backup import backup_folder
    from app.ops.owner import make_data_folder
    from app.publish import keys

    make_data_folder(settings.data, backup_folder(settings))
    cli.act_as_owner(settings)
    path = keys.key_path(settings)
    try:
        created = keys.make_key(settings)
    except OSError as error:
        raise click.ClickException(f"Cannot write {path}: {error.strerror}. See the setting publish_key") from error
    if created:
        click.echo(f"Created {path}. Keep it secret: whoever has it can publish in the name of this hub", err=True)
    click.echo(keys.signing_key(settings).public_key().public_bytes_raw().hex())


@click.group()
def publish() -> None:
    """Change what is replaced in published texts."""


@publish.command("forget")
@click.argument("pseudonym")
def forget(pseudonym: str) -> None:
    """Never again replace the word of PSEUDONYM, such as user-7, away from positions of users.

    For words that were taken for the name of a user. Texts that are published from now on show the word.
    """
    cli.open_database()
    from app.publish.sanitize.pseudonyms import forget as forget_user

    kind, _, number = pseudonym.partition("-")
    if kind != "user" or not number.isdecimal() or not forget_user(int(number)):
        raise click.ClickException(f"There is no user {pseudonym} in published texts; a pseudonym of a user has the form user-7")
    click.echo(f"The word of {pseudonym} is no longer replaced where it stands alone")

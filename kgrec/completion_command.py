"""``kgrec completion``: the shell completes commands and options."""

import os
import shlex
from dataclasses import dataclass
from pathlib import Path

import click
from click.shell_completion import get_completion_class

from kgrec.errors import KgrecError
from kgrec.files import replacing
from kgrec.lazy_group import COMPLETE_VARIABLE
from kgrec.records import JSON, write_document
from kgrec.terminal import say, write

SHELLS = ("bash", "zsh", "fish")
MARK = "# Written by `kgrec completion --install`, which replaces it."
# zsh has its completion only once this was called.
ZSH_COMPLETION = "(( $+functions[compdef] )) || { autoload -Uz compinit && compinit; }; "


@dataclass(frozen=True)
class _Place:
    """Where a shell's script belongs, and the file that has to name it, if any."""

    script: Path
    startup: Path | None = None
    before: str = ""


@click.command()
@click.argument("shell", type=click.Choice(SHELLS), required=False)
@click.option("--install", is_flag=True, help="Install it for this user, rather than print it.")
@JSON
@click.pass_context
def completion(context: click.Context, shell: str | None, install: bool, format: str) -> None:
    """Complete commands and options of kgrec by the tab key of bash, zsh or fish.

    Without --install the script is printed. With it, the script becomes a file of the user's, which fish reads by
    itself; for bash and zsh a line that reads it is added to .bashrc or .zshrc, once. It counts from the next shell on.
    Where none is named, it is the shell of the variable SHELL.

    \b
    Examples:
      kgrec completion --install
      kgrec completion zsh > _kgrec
    """
    shell = shell or _own_shell()
    script = _script(context, shell)
    if not install:
        if format == "json":
            write_document({"shell": shell, "script": script})
        else:
            write(f"{script}\n")
        return
    place = _place(shell)
    _write_script(place.script, script)
    added = False
    if place.startup is not None:
        added = _name_in(place.startup, f"{place.before}source {shlex.quote(str(place.script))}")
    if format == "json":
        startup = None if place.startup is None else str(place.startup)
        write_document({"shell": shell, "file": str(place.script), "startup file": startup, "line added": added})
        return
    say(f"Wrote {place.script}")
    if place.startup is not None:
        say(f"{'Added a line to' if added else 'It is named already in'} {place.startup}")
    say(f"The next {shell} completes `kgrec` by the tab key.")


def _own_shell() -> str:
    name = Path(os.environ.get("SHELL", "")).name
    if name not in SHELLS:
        raise click.UsageError(f"Say which shell: {', '.join(SHELLS)}.")
    return name


def _script(context: click.Context, shell: str) -> str:
    made = get_completion_class(shell)
    if made is None:
        raise ValueError(f"click does not know {shell}")
    return made(context.find_root().command, {}, "kgrec", COMPLETE_VARIABLE).source().strip()


def _place(shell: str) -> _Place:
    home = Path.home()
    if shell == "fish":
        return _Place(_folder("XDG_CONFIG_HOME", home / ".config") / "fish" / "completions" / "kgrec.fish")
    script = _folder("XDG_DATA_HOME", home / ".local" / "share") / "kgrec" / f"completion.{shell}"
    if shell == "zsh":
        return _Place(script, _folder("ZDOTDIR", home) / ".zshrc", ZSH_COMPLETION)
    return _Place(script, home / ".bashrc")


def _folder(variable: str, otherwise: Path) -> Path:
    return Path(os.environ.get(variable) or otherwise)


def _write_script(path: Path, script: str) -> None:
    """Write the script where there is none, or an earlier one of kgrec's.

    Raises:
        KgrecError: somebody else's file is there, or it cannot be written.
    """
    try:
        if path.exists() and not path.read_text(encoding="utf-8", errors="replace").startswith(MARK):
            raise KgrecError(f"{path} is there and is not kgrec's: move it away, and run the same command again.")
        with replacing(path) as draft:
            draft.write_text(f"{MARK}\n{script}\n", encoding="utf-8")
    except OSError as error:
        raise KgrecError(f"{path} cannot be written: {error.strerror}.") from error


def _name_in(path: Path, line: str) -> bool:
    """Add a line to a file of the user's that has not got it, and tell whether it was added.

    Raises:
        KgrecError: the file cannot be read or written.
    """
    try:
        text = path.read_text(encoding="utf-8", errors="surrogateescape") if path.exists() else ""
        if line in text.split("\n"):
            return False
        with path.open("a", encoding="utf-8") as file:
            file.write(f"{'' if text.endswith(chr(10)) or not text else chr(10)}{line}\n")
    except OSError as error:
        raise KgrecError(f"{path} cannot be written: {error.strerror}; add this line to it: {line}") from error
    return True

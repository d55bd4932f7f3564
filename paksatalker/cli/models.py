"""``paksatalker models``: what is in the weights store, and how to fill it."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.progress import DownloadColumn, TimeRemainingColumn, TransferSpeedColumn

from paksatalker.cli.console import BarView, print_json, stdout, table
from paksatalker.cli.options import Json
from paksatalker.core.options import require_choice
from paksatalker.errors import PaksaTalkerError
from paksatalker.models.base import EntryStatus, State, WeightsStore
from paksatalker.models.manifest import BASE_GROUP, WeightEntry

app = typer.Typer(name="models", help="List, download and verify model files.", no_args_is_help=True)

Names = Annotated[
    list[str] | None, typer.Argument(help=f"Models or groups; without any, '{BASE_GROUP}'.", show_default=False)
]


@app.command("list")
def list_models(json: Json = False) -> None:
    """List the models: licence, size, and whether they are here."""
    store = WeightsStore()
    found = [store.status(entry.name) for entry in store.entries()]
    if json:
        print_json([_describe(status) for status in found])
        return
    rows = table("model", "group", "state", "size", "licence", "what it does")
    for status in found:
        entry = status.entry
        rows.add_row(entry.name, entry.group, status.state, _size(entry), entry.licence, entry.summary)
    stdout().print(rows)


@app.command()
def download(names: Names = None, json: Json = False) -> None:
    """Download models that are missing or damaged.

    Good ones are left alone.
    """
    store = WeightsStore()
    entries = store.manifest.select(names or ())
    with _DownloadView() as view:
        for entry in entries:
            view.begin(entry)
            store.download(entry.name, view.update)
            view.end(entry)
    _report(store, entries, json=json)


@app.command()
def verify(names: Names = None, json: Json = False) -> None:
    """Compare models with their published hashes.

    Every one is looked at before the first error is told.
    """
    store = WeightsStore()
    entries = store.manifest.select(names or ())
    errors: list[PaksaTalkerError] = []
    for entry in entries:
        try:
            store.verify(entry.name)
        except PaksaTalkerError as error:
            errors.append(error)
    if errors:
        for further in errors[1:]:
            sys.stderr.write(f"error: {further.message}\n")
        raise errors[0]
    _report(store, entries, json=json)


@app.command()
def export(
    name: Annotated[str, typer.Argument(help="Which model: sadtalker.")],
    *,
    to: Annotated[str, typer.Option("--to", help="onnx or tensorrt.")] = "onnx",
    output: Annotated[Path, typer.Option("--output", "-o", help="The folder to write to.")] = Path("exported"),
    quantize: Annotated[str | None, typer.Option(help="int8 or fp16 [default: 32 bits].")] = None,
    network_size: Annotated[int, typer.Option(help="256 or 512 pixels.")] = 256,
    preprocess: Annotated[str, typer.Option(help="crop or full: which mapping network.")] = "crop",
) -> None:
    """Write a model in another format, for programs without PyTorch."""
    require_choice("model", name, ("sadtalker",))
    require_choice("to", to, ("onnx", "tensorrt"))
    require_choice("preprocess", preprocess, ("crop", "full"))
    if quantize is not None:
        require_choice("quantize", quantize, ("int8", "fp16"))
    from paksatalker.models.sadtalker.checkpoints import export_sadtalker  # light; PyTorch comes when it works

    full = preprocess == "full"
    for path in export_sadtalker(output, to=to, quantize=quantize, size=network_size, full=full):
        typer.echo(path)


def _report(store: WeightsStore, entries: tuple[WeightEntry, ...], *, json: bool) -> None:
    found = [store.status(entry.name) for entry in entries]
    if json:
        print_json([_describe(status) for status in found])
        return
    for status in found:
        typer.echo(f"{status.entry.name}: {status.state}, {_size(status.entry)}, {status.folder}")
        for file in store.published(status.entry.name):
            typer.echo(f"  {file.name}: SHA-256 {file.sha256}, as recorded when it came")


def _describe(status: EntryStatus) -> dict[str, Any]:
    entry = status.entry
    return {
        "name": entry.name,
        "group": entry.group,
        "state": str(status.state),
        "present": status.state in {State.VERIFIED, State.UNVERIFIED},
        "bytes": entry.bytes,
        "licence": entry.licence,
        "summary": entry.summary,
        "folder": str(status.folder),
        "files": [
            {
                "name": file.name,
                "bytes": file.bytes,
                "sha256": file.sha256,
                "sources": [str(source) for source in file.sources],
            }
            for file in entry.files
        ],
    }


def _size(entry: WeightEntry) -> str:
    return f"{entry.bytes / 1e6:.1f} MB" if entry.bytes < 1e9 else f"{entry.bytes / 1e9:.2f} GB"


class _DownloadView(BarView):
    """A bar on stderr when it is a terminal, a line at each quarter otherwise."""

    def __init__(self) -> None:
        super().__init__(DownloadColumn(), TransferSpeedColumn(), TimeRemainingColumn(compact=True))
        self._name = ""
        self._told = 0

    def begin(self, entry: WeightEntry) -> None:
        """Starts an entry's line."""
        self._name, self._told = entry.name, 0
        if self._bar:
            self._task = self._bar.add_task(entry.name, total=entry.bytes)
        else:
            sys.stderr.write(f"{entry.name}: {_size(entry)}\n")

    def update(self, done: int, total: int) -> None:
        """Shows how far it is."""
        if self._bar:
            self._bar.update(self._task, completed=done, total=total)
            return
        quarter = 4 * done // max(total, 1)
        if self._told < quarter < 4:
            self._told = quarter
            sys.stderr.write(f"{self._name}: {25 * quarter}%\n")

    def end(self, entry: WeightEntry) -> None:
        """Ends an entry's line."""
        self.update(entry.bytes, entry.bytes)
        if not self._bar:
            sys.stderr.write(f"{entry.name}: done\n")

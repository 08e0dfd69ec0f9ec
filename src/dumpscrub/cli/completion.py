"""``dumpscrub completion``: scripts that make a shell complete commands, options and file names."""

from __future__ import annotations

import os
import sys

import click
from click.shell_completion import CompletionItem, ShellComplete, add_completion_class, get_completion_class

_POWERSHELL = """\
Register-ArgumentCompleter -Native -CommandName %(prog_name)s -ScriptBlock {
    param($word, $ast, $cursor)
    $env:%(complete_var)s = "powershell_complete"
    $env:COMP_WORDS = ($ast.CommandElements | ForEach-Object { $_.ToString() }) -join "`n"
    $env:COMP_WORD = $word
    try {
        %(prog_name)s | ForEach-Object {
            $kind, $value, $help = $_ -split "`t", 3
            if ($kind -eq "plain") {
                [System.Management.Automation.CompletionResult]::new($value, $value, "ParameterValue", $help)
            } else {
                Get-ChildItem -Path "$word*" -ErrorAction SilentlyContinue | ForEach-Object {
                    $path = Resolve-Path -Relative $_.FullName
                    [System.Management.Automation.CompletionResult]::new("'$path'", $_.Name, "ProviderItem", $path)
                }
            }
        }
    } finally {
        Remove-Item Env:%(complete_var)s, Env:COMP_WORDS, Env:COMP_WORD -ErrorAction SilentlyContinue
    }
}
"""


@add_completion_class
class PowerShellComplete(ShellComplete):
    """Completion for Windows PowerShell and PowerShell 7, which click does not bring."""

    name = "powershell"
    source_template = _POWERSHELL

    def get_completion_args(self) -> tuple[list[str], str]:
        words = os.environ["COMP_WORDS"].split("\n")[1:]
        incomplete = os.environ.get("COMP_WORD", "")  # Windows has no empty variables
        return (words[:-1] if incomplete else words), incomplete

    def format_completion(self, item: CompletionItem) -> str:
        # PowerShell refuses a result with an empty tooltip.
        return f"{item.type}\t{item.value}\t{item.help or item.value}"


@click.command("completion")
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish", "powershell"]))
@click.pass_context
def command(context: click.Context, shell: str) -> None:
    """Write the script that completes dumpscrub's commands and options in SHELL.

    \b
    Examples:
      dumpscrub completion bash >> ~/.bashrc
      dumpscrub completion zsh >> ~/.zshrc
      dumpscrub completion fish > ~/.config/fish/completions/dumpscrub.fish
      dumpscrub completion powershell >> $PROFILE
    """  # noqa: D301
    complete = get_completion_class(shell)
    if complete is None:
        raise click.UsageError(f"no completion for {shell}")
    root = context.find_root()
    sys.stdout.write(complete(root.command, {}, "dumpscrub", "_DUMPSCRUB_COMPLETE").source())

"""What a Python for Windows needs to start under Wine 8: python.exe, and libraries that Wine or the wheel lacks.

- ``python.exe`` calls ``Py_Main``.
- ``python3.dll``, the stable interface, passes on to ``python311.dll``.
- ``bcryptprimitives.dll`` has ``ProcessPrng``, with which Rust's programs get random numbers.
- numpy takes parts of complex numbers from the C library. Wine's has none, so numpy's modules are told another name
  of that library, which has these and passes the rest on.
"""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

MATH = b"api-ms-win-crt-math-l1-1-0.dll"
SHIM = b"shim-for-wine-crt-math-l-1.dll"
"""As long as the name that it replaces."""

LAUNCHER = """
#include <wchar.h>
__declspec(dllimport) int Py_Main(int, wchar_t **);
int wmain(int argc, wchar_t **argv) { return Py_Main(argc, argv); }
"""
RANDOM = """
#include <windows.h>
BOOLEAN NTAPI SystemFunction036(void *, ULONG);
BOOL WINAPI ProcessPrng(unsigned char *buffer, size_t size) { return SystemFunction036(buffer, (ULONG)size); }
"""
COMPLEX = """
#include <math.h>
typedef struct { float re, im; } F;
typedef struct { double re, im; } D;
#define PARTS(suffix, type, part) \\
    part own_creal##suffix(type z) { return z.re; } \\
    part own_cimag##suffix(type z) { return z.im; } \\
    part own_carg##suffix(type z) { return atan2(z.im, z.re); } \\
    part own_cabs##suffix(type z) { return hypot(z.re, z.im); }
PARTS(, D, double)
PARTS(f, F, float)
PARTS(l, D, double)
"""
OWN = {f"{name}{suffix}" for name in ("creal", "cimag", "carg", "cabs") for suffix in ("", "f", "l")}


def main(home: Path, compiler: str) -> None:
    """Make all of it in ``home``, the folder of ``python311.dll``."""
    _make(home, compiler, "python.exe", LAUNCHER, "-municode", "python311.dll")
    passed = [f"{name}=python311.{name}" for name in _exports(home / "python311.dll")]
    _library(home, compiler, "python3.dll", "", passed)
    _library(home, compiler, "bcryptprimitives.dll", RANDOM, ["ProcessPrng"], "-ladvapi32")
    modules = [path for path in (home / "Lib" / "site-packages" / "numpy").rglob("*.pyd") if MATH in path.read_bytes()]
    wanted = sorted(OWN.union(*(_imports(module) for module in modules)))
    exports = [f"{name}=own_{name}" if name in OWN else f"{name}=ucrtbase.{name}" for name in wanted]
    _library(home, compiler, SHIM.decode(), COMPLEX, exports)
    for module in modules:
        module.write_bytes(module.read_bytes().replace(MATH, SHIM))


def _library(home: Path, compiler: str, name: str, source: str, exports: Iterable[str], *libraries: str) -> None:
    definition = home / "exports.def"
    definition.write_text(f"LIBRARY {name}\nEXPORTS\n" + "\n".join(exports) + "\n", "ascii")
    _make(home, compiler, name, source, "-shared", definition.name, *libraries)
    definition.unlink()


def _make(home: Path, compiler: str, name: str, source: str, *arguments: str) -> None:
    code = home / "shim.c"
    code.write_text(source, "ascii")
    subprocess.run([compiler, "-O1", "-o", name, code.name, *arguments], cwd=home, check=True)
    code.unlink()


def _described(path: Path) -> str:
    command = ["x86_64-w64-mingw32-objdump", "-p", str(path)]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def _exports(library: Path) -> list[str]:
    table = _described(library).partition("[Ordinal/Name Pointer] Table")[2].partition("\n\n")[0]
    return re.findall(r"^\s*\[\s*\d+\].*?(\w+)$", table, re.MULTILINE)


def _imports(module: Path) -> set[str]:
    """The names that ``module`` takes from the library of mathematics."""
    table = _described(module).partition(f"DLL Name: {MATH.decode()}")[2].partition("DLL Name:")[0]
    return set(re.findall(r"^\t[0-9a-f]+\t.*?(\w+)$", table, re.MULTILINE))


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2])

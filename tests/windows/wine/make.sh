#!/usr/bin/env bash
# A Python for Windows under Wine, with the wheels for Windows of all that dumpscrub needs, to run it and its tests:
#
#   tests/windows/wine/make.sh FOLDER        once; some 500 MB
#   FOLDER/python -m dumpscrub scan app.dmp
#   FOLDER/python -m pytest tests/cli
#
# Needs Debian's wine, wine64, gcc-mingw-w64-x86-64 and unzip, and a Python 3.11 of this system (PYTHON), whose
# standard library is taken. CPython's own build for Windows comes out of the wheel of panda3d, which ships it for
# programs to be packed with; python.exe is made here, as is what Wine 8 lacks (shims.py).
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../../.." && pwd)
mkdir -p "${1:?usage: make.sh FOLDER}"
folder=$(cd "$1" && pwd)
python=${PYTHON:-python3.11}
pip=("$python" -m pip --quiet --disable-pip-version-check)
windows=(--platform win_amd64 --python-version 3.11 --only-binary=:all:)
cc=x86_64-w64-mingw32-gcc

mkdir -p "$folder"/{wheels,home/DLLs,home/Lib}
"${pip[@]}" download "${windows[@]}" --no-deps -d "$folder/panda" panda3d==1.10.16
unzip -q -o -j "$folder"/panda/panda3d-*.whl 'deploy_libs/*.dll' 'deploy_libs/*.pyd' -d "$folder/parts"
mv "$folder"/parts/{python311,VCRUNTIME140}.dll "$folder/home"
mv "$folder"/parts/{*.pyd,lib*.dll,sqlite3.dll} "$folder/home/DLLs"

library=$("$python" -c 'import os, sys; assert sys.version_info[:2] == (3, 11); print(os.path.dirname(os.__file__))')
(cd "$library" && tar -c --exclude=site-packages --exclude=lib-dynload --exclude=test --exclude=__pycache__ .) |
    tar -x -C "$folder/home/Lib"

"${pip[@]}" wheel --no-deps -w "$folder/built" "$root"
"${pip[@]}" download "${windows[@]}" -d "$folder/wheels" "$folder"/built/dumpscrub-*.whl pytest hypothesis udmp-parser colorama
rm -f "$folder"/wheels/dumpscrub-*.whl # the source is run, see below
for wheel in "$folder"/wheels/*.whl; do
    unzip -q -o "$wheel" -d "$folder/home/Lib/site-packages"
done

"$python" "$here/shims.py" "$folder/home" "$cc"

cat >"$folder/python" <<END
#!/usr/bin/env bash
# Pipes all through: under Wine, Python does not start with a standard stream that is a device or a file.
export WINEPREFIX='$folder/prefix' WINEARCH=win64 WINEDEBUG=-all WINEDLLOVERRIDES='mscoree,mshtml=;winemenubuilder.exe=d'
export PYTHONPATH='Z:${root//\//\\}\\src' PYTHONDONTWRITEBYTECODE=1
unset DISPLAY
if [ -t 0 ]; then # a console of its own: Ctrl+C and the progress bar work
    exec wine '$folder/home/python.exe' "\$@"
fi
cat | wine '$folder/home/python.exe' "\$@" 2> >(cat >&2) | cat
exit "\${PIPESTATUS[1]}"
END
chmod +x "$folder/python"
"$folder/python" -c 'import sys; print(sys.version, sys.platform)' </dev/null

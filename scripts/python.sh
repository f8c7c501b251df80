# A virtual environment with the packages of Tests/Interop; `python` names its interpreter.

environment=.build/python
python=$environment/bin/python
if [ ! -f "$environment/ready" ] || [ Tests/Interop/requirements.txt -nt "$environment/ready" ]; then
  say "Installing Python packages into $environment"
  python3 -m venv "$environment"
  "$python" -m pip install --quiet --disable-pip-version-check -r Tests/Interop/requirements.txt
  touch "$environment/ready"
fi

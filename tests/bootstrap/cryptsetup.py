"""Stands in for cryptsetup: a disk is a JSON file of its slots' keys and its label, and a mapping is a file."""
import json, os, signal, sys

valued = {"--type", "--pbkdf", "--pbkdf-force-iterations", "--key-file", "--key-slot", "--label"}
words, options, rest = [], {}, sys.argv[1:]
while rest:
    word = rest.pop(0)
    if word in valued:
        options[word] = rest.pop(0)
    elif word.startswith("-"):
        options[word] = True
    else:
        words.append(word)
action, *names = words
folder = os.path.join(os.environ["BIN"], "..")
mapped = os.path.join(folder, "mapped")


def header():
    try:
        with open(names[0]) as file:
            return json.load(file)
    except ValueError:
        sys.exit("not a LUKS device")


def slots():
    return {slot: key for slot, key in header().items() if slot.isdigit()}


def write(value):
    with open(names[0], "w") as file:
        json.dump(value, file)


def write_slots(value):
    write({**{name: each for name, each in header().items() if not name.isdigit()}, **value})


def opened():
    key = sys.stdin.read()
    found = [slot for slot, each in slots().items() if each == key and slot == options.get("--key-slot", slot)]
    if not found:
        print("No key available with this passphrase.", file=sys.stderr)
        sys.exit(2)


if action == "status":
    sys.exit(0 if os.path.exists(mapped) else 4)
if action == "close":
    if not os.path.exists(mapped):
        sys.exit(4)
    os.remove(mapped)
elif action == "isLuks":
    header()
elif action == "luksFormat":
    made = {"label": options["--label"]} if "--label" in options else {}
    if os.path.exists(os.path.join(folder, "half-format")):
        write(made)
        os.kill(0, signal.SIGKILL)
    write({**made, "0": sys.stdin.read()})
elif action == "config":
    write({**header(), "label": options["--label"]})
elif action == "open":
    opened()
    if "--test-passphrase" not in options:
        if os.path.exists(mapped):
            sys.exit("the mapping is there already")
        with open(mapped, "w") as file:
            file.write(names[0])
        # The header's other copy has another label.
        if "mends" in header():
            write({**slots(), "label": header()["mends"]})
elif action == "luksAddKey":
    slot = options.pop("--key-slot")
    opened()
    if slot in slots():
        sys.exit("the slot is full")
    with open(names[1]) as file:
        write_slots({**slots(), slot: file.read()})
elif action == "luksKillSlot":
    opened()
    left = slots()
    if names[1] not in left:
        sys.exit("the slot is not active")
    write_slots({slot: key for slot, key in left.items() if slot != names[1]})
else:
    sys.exit("unknown: " + action)

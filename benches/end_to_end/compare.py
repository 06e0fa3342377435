"""Puts two results side by side. Usage: compare.py OURS_LEADERBOARD.csv OURS_SECONDS PEER.csv PEER_SECONDS"""

import csv
import json
import sys
from pathlib import Path


def main():
    ours_path, ours_seconds, peer_path, peer_seconds = sys.argv[1:]
    configurations = json.loads((Path(__file__).parent / "configurations.json").read_text())
    names = list(configurations[0])
    known = {tuple(float(config[name]) for name in names): number for number, config in enumerate(configurations)}
    ours = {}
    with open(ours_path, newline="") as file:
        for row in csv.DictReader(file):
            number = known[tuple(float(row[f"params.{name}"]) for name in names)]
            ours[number] = (float(row["accuracy"] or "nan"), float(row["epochs"]))
    peer = {}
    with open(peer_path, newline="") as file:
        for row in csv.DictReader(file):
            peer[int(row["configuration"])] = (float(row["accuracy"]), float(row["epochs"]))
    print("configuration  depth   ours (epochs)   peer (epochs)")
    both = []
    for number, config in enumerate(configurations):
        (a, a_epochs), (b, b_epochs) = ours[number], peer[number]
        print(f"{number:13}  {config['freeze_depth']:5}   {a:.3f} ({a_epochs:.2f})    {b:.3f} ({b_epochs:.2f})")
        if abs(a_epochs - b_epochs) < 0.2:
            both.append(a - b)
    mean = sum(both) / max(1, len(both))
    print(f"mean difference where both trained as long: {mean:+.4f} over {len(both)}")
    for name, results, seconds in [("ours", ours, ours_seconds), ("peer", peer, peer_seconds)]:
        epochs = sum(epochs for _, epochs in results.values())
        print(f"{name}: {float(seconds):.1f} s, best {max(value for value, _ in results.values()):.3f}, {epochs:.1f} epochs in all")
    print(f"ratio of times: {float(peer_seconds) / float(ours_seconds):.2f}")


if __name__ == "__main__":
    main()

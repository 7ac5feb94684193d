"""Forecasts CO2 fifteen minutes ahead, learning as it goes (recursive least squares).

Reads a request a line and writes an answer a line, both JSON:

    {"id": "…", "time": "…Z", "twins": [{"$dtId": "baltic", "co2": 612.0, "slope": 3.1, "people_per_area": 0.1}, …]}
    {"id": "…", "twins": [{"$dtId": "baltic", "co2Forecast": 660.2, "forecastError": 12.5}, …]}
"""

import json
import sys
from collections import deque

AHEAD = 15  # requests; they come once a minute
FORGET = 0.999  # weight of what was learnt a minute ago
SCALE = (1.0, 1000.0, 10.0, 0.1)


def features(twin):
    values = (1.0, twin["co2"], twin["slope"], twin["people_per_area"])
    if any(value is None for value in values):
        return None
    return [value / scale for value, scale in zip(values, SCALE)]


class Learner:
    """How far CO2 moves in the time ahead, as a linear function of the features."""

    def __init__(self):
        size = len(SCALE)
        self.weights = [0.0] * size
        self.spread = [[100.0 if row == column else 0.0 for column in range(size)] for row in range(size)]

    def predict(self, x):
        return sum(weight * value for weight, value in zip(self.weights, x))

    def learn(self, x, y):
        gain = [sum(cell * value for cell, value in zip(row, x)) for row in self.spread]
        scale = FORGET + sum(value * part for value, part in zip(x, gain))
        gain = [part / scale for part in gain]
        error = y - self.predict(x)
        self.weights = [weight + part * error for weight, part in zip(self.weights, gain)]
        along = [sum(value * row[column] for value, row in zip(x, self.spread)) for column in range(len(x))]
        for row, part in enumerate(gain):
            for column, value in enumerate(along):
                self.spread[row][column] = (self.spread[row][column] - part * value) / FORGET


learner = Learner()
past = {}  # by twin: features, CO2 and forecast of the last minutes

for line in sys.stdin:
    request = json.loads(line)
    twins = []
    for twin in request["twins"]:
        x = features(twin)
        if x is None:
            continue
        kept = past.setdefault(twin["$dtId"], deque())
        answer = {"$dtId": twin["$dtId"]}
        if len(kept) == AHEAD:
            then, co2, forecast = kept.popleft()
            learner.learn(then, (twin["co2"] - co2) / 100.0)
            answer["forecastError"] = abs(forecast - twin["co2"])
        answer["co2Forecast"] = max(400.0, twin["co2"] + 100.0 * learner.predict(x))
        kept.append((x, twin["co2"], answer["co2Forecast"]))
        twins.append(answer)
    print(json.dumps({"id": request["id"], "twins": twins}), flush=True)

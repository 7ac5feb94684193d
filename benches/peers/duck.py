"""The same campus as tables in DuckDB, in memory: prints answers and medians as JSON. Needs `pip install duckdb`."""

import json
import statistics
import sys
import time

import duckdb

SENSORS, ROOMS, FLOORS = 4, 100, 20  # in a room, on a floor, in a building
THREE_HOPS = """SELECT F.building, AVG(S.value) AS mean, COUNT(*) FROM sensors S JOIN rooms R ON S.room = R.id
JOIN floors F ON R.floor = F.id WHERE S.value > 75 GROUP BY F.building ORDER BY mean DESC, F.building"""
OF_FLOOR = "SELECT S.id, S.value FROM rooms R JOIN sensors S ON S.room = R.id WHERE R.floor = ?"

sensors = int(sys.argv[1])
base = duckdb.connect()
base.execute(f"""
CREATE TABLE sensors AS SELECT 's' || range AS id, (range // {SENSORS})::INTEGER AS room, ((range % 1000) * 0.1)::DOUBLE AS value FROM range({sensors});
CREATE TABLE rooms AS SELECT range::INTEGER AS id, (range // {ROOMS})::INTEGER AS floor FROM range({sensors // SENSORS});
CREATE TABLE floors AS SELECT range::INTEGER AS id, (range // {FLOORS})::INTEGER AS building FROM range({sensors // SENSORS // ROOMS});
CREATE INDEX sensors_of_room ON sensors (room);
CREATE INDEX rooms_of_floor ON rooms (floor);
""")


def median(run, rounds):
    times = []
    for _ in range(rounds):
        begin = time.perf_counter()
        run()
        times.append(time.perf_counter() - begin)
    return statistics.median(times[3:])


def three_hops():
    return base.execute(THREE_HOPS).fetchall()


def of_floor():
    return base.execute(OF_FLOOR, [7]).fetchall()


print(json.dumps({
    "version": duckdb.__version__,
    "three_hops": {"median_s": median(three_hops, 53), "rows": [[mean, count] for _, mean, count in three_hops()]},
    "of_floor": {"median_s": median(of_floor, 203), "rows": len(of_floor())},
}))

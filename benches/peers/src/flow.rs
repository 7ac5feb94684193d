//! Propagation of means in differential-dataflow: sensor → room → floor → building, incrementally.
//!
//! The membership of sensors, rooms and floors is data in both systems, so each level is joined with its relation and
//! averaged. Values are whole thousandths, because differences in differential-dataflow are exact.

use crate::campus::SHAPE;
use differential_dataflow::input::Input;
use differential_dataflow::operators::count::CountTotal;
use std::time::{Duration, Instant};

/// Returns the time of each round, from scattered changes of `changes` sensors to the means of the buildings.
pub fn propagate(sensors: u32, changes: u32, rounds: u32) -> Vec<Duration> {
    timely::execute_directly(move |worker| {
        let (mut input, mut relations, probe) = worker.dataflow::<u32, _, _>(|scope| {
            let (input, readings) = scope.new_collection::<(u32, isize), isize>();
            let (room_of, rooms_of_sensors) = scope.new_collection::<(u32, u32), isize>();
            let (floor_of, floors_of_rooms) = scope.new_collection::<(u32, u32), isize>();
            let (building_of, buildings_of_floors) = scope.new_collection::<(u32, u32), isize>();
            let rooms = readings
                .join_map(rooms_of_sensors, |_, value, room| (*room, *value))
                .explode(|(room, value)| Some((room, (value, 1))))
                .count_total_core::<isize>()
                .map(|(room, (sum, count)): (u32, (isize, isize))| (room, sum / count));
            let floors = rooms
                .join_map(floors_of_rooms, |_, mean, floor| (*floor, *mean))
                .explode(|(floor, mean)| Some((floor, (mean, 1))))
                .count_total_core::<isize>()
                .map(|(floor, (sum, count)): (u32, (isize, isize))| (floor, sum / count));
            let buildings = floors
                .join_map(buildings_of_floors, |_, mean, building| (*building, *mean))
                .explode(|(building, mean)| Some((building, (mean, 1))))
                .count_total_core::<isize>();
            (input, [room_of, floor_of, building_of], buildings.probe().0)
        });
        let mut below = sensors;
        for (relation, children) in relations.iter_mut().zip([SHAPE.0 as u32, SHAPE.1 as u32, SHAPE.2 as u32]) {
            (0..below).for_each(|child| relation.insert((child, child / children)));
            below /= children;
        }
        let mut values: Vec<isize> = (0..sensors).map(|sensor| (sensor % 1_000) as isize * 100).collect();
        for (sensor, value) in (0..).zip(&values) {
            input.insert((sensor, *value));
        }
        let mut time = 1;
        input.advance_to(time);
        input.flush();
        relations.iter_mut().for_each(|relation| {
            relation.advance_to(1_000_000);
            relation.flush();
        });
        worker.step_while(|| probe.less_than(input.time()));
        let mut took = Vec::new();
        for round in 0..rounds {
            let begin = Instant::now();
            for number in 0..changes {
                let sensor = (u64::from(number) * 7_368_787 % u64::from(sensors)) as u32;
                let value = (number % 97 + round) as isize * 1_000;
                let before = std::mem::replace(&mut values[sensor as usize], value);
                input.update((sensor, before), -1);
                input.update((sensor, value), 1);
            }
            time += 1;
            input.advance_to(time);
            input.flush();
            worker.step_while(|| probe.less_than(input.time()));
            took.push(begin.elapsed());
        }
        took
    })
}

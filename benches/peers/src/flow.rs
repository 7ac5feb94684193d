//! The propagation of means in differential-dataflow: sensor → room → floor → building, incrementally.
//!
//! Who belongs to whom is computed from the numbers, so no relation is joined: it does less than it would have to on a graph that is
//! data. Values are whole thousandths, because its differences are exact.

use crate::campus::SHAPE;
use differential_dataflow::input::Input;
use differential_dataflow::operators::count::CountTotal;
use std::time::{Duration, Instant};

/// How long it takes until so many scattered changes are in the means of buildings: one measurement for each round.
pub fn propagate(sensors: u32, changes: u32, rounds: u32) -> Vec<Duration> {
    timely::execute_directly(move |worker| {
        let (mut input, probe) = worker.dataflow::<u32, _, _>(|scope| {
            let (input, readings) = scope.new_collection::<(u32, isize), isize>();
            let rooms = readings.explode(|(sensor, value)| Some((sensor / SHAPE.0, (value, 1)))).count_total_core::<isize>();
            let floors = rooms
                .explode(|(room, (sum, count)): (u32, (isize, isize))| Some((room / SHAPE.1, (sum / count, 1))))
                .count_total_core::<isize>();
            let buildings = floors
                .explode(|(floor, (sum, count)): (u32, (isize, isize))| Some((floor / SHAPE.2, (sum / count, 1))))
                .count_total_core::<isize>();
            (input, buildings.probe().0)
        });
        let mut values: Vec<isize> = (0..sensors).map(|sensor| (sensor % 1_000) as isize * 100).collect();
        for (sensor, value) in (0..).zip(&values) {
            input.insert((sensor, *value));
        }
        let mut time = 1;
        input.advance_to(time);
        input.flush();
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

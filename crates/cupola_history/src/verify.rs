//! The check of a history, and its repair: damaged parts are set aside, and everything else stays readable.

use crate::block;
use crate::error::HistoryError;
use crate::place::HistoryPlace;
use crate::rollup;
use crate::store::{Access, Day, Storage, Table, date_of};
use std::collections::BTreeSet;

/// A damaged part of a history.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Damage {
    /// The file or table.
    pub place: String,
    /// The part of it, with the span of its changes, and the reason.
    pub what: String,
    /// Whether the part was set aside.
    pub is_set_aside: bool,
}

/// The result of a check.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CheckResult {
    /// The number of files that were checked.
    pub files: usize,
    /// The number of blocks whose checksums were checked.
    pub blocks: u64,
    /// The damaged parts.
    pub damage: Vec<Damage>,
}

/// Checks the structure of every file of a history, and the checksum of every block, also of roll-ups. With `repairs`, damaged blocks and
/// files are set aside: a block in the table `damaged` of its file, a file under a name that ends with `.damaged`.
///
/// # Errors
/// There is no history, a newer program has written it, or another program records into it and it is to be repaired.
pub fn check(place: impl Into<HistoryPlace>, repairs: bool) -> Result<CheckResult, HistoryError> {
    let place = place.into();
    if place.folder().is_some_and(|folder| !folder.is_dir()) {
        return Err(HistoryError::None(place.to_string()));
    }
    if place.folder().is_none() {
        // A repair creates no history.
        Storage::new(&place, Access::Read)?;
    }
    let mut result = CheckResult::default();
    let mut storage = Storage::new(&place, if repairs { Access::Write } else { Access::Read })?;
    result.files += 1;
    let fault = match storage.fault_of_catalog() {
        Err(error) if error.is_damage() => Some(error.to_string()),
        fault => fault?,
    };
    if let Some(what) = fault {
        result.damage.push(Damage { place: storage.catalog_place(), what, is_set_aside: repairs });
        if !repairs {
            return Ok(result);
        }
        if !storage.restore_catalog()? {
            // Without names, nobody knows which series the changes are of.
            let (place, what) = (storage.set_all_aside()?, "without the catalogue, the changes have no names".into());
            result.damage.push(Damage { place, what, is_set_aside: true });
            return Ok(result);
        }
    }
    for day in storage.days()? {
        result.files += 1;
        if let Err(error) = check_day(&mut storage, day, repairs, &mut result) {
            if !error.is_damage() {
                return Err(error);
            }
            set_day_aside(&mut storage, day, error.to_string(), repairs, &mut result)?;
        }
    }
    check_rollups(&mut storage, repairs, &mut result)?;
    Ok(result)
}

/// Checks the roll-ups. Days whose roll-up is damaged are rolled up again, if they still have changes.
fn check_rollups(storage: &mut Storage, repairs: bool, result: &mut CheckResult) -> Result<(), HistoryError> {
    let faults = storage.faults_of_rollups(repairs)?;
    let are_readable = repairs || faults.is_empty();
    result.damage.extend(faults.into_iter().map(|(place, what)| Damage { place, what, is_set_aside: repairs }));
    if !are_readable {
        return Ok(());
    }
    let mut damaged = Vec::new();
    storage.each_rollup(&mut |day, block| {
        result.blocks += 1;
        if let Err(why) = rollup::check_block(&block, day) {
            damaged.push((day, block.level, block.series.0, why));
        }
    })?;
    let days = storage.days()?;
    for (day, level, first_series, why) in damaged {
        if repairs {
            storage.delete_rollup(day, level, first_series)?;
            if days.contains(&day) {
                storage.forget_rollups(&BTreeSet::from([day]))?;
            }
        }
        let what = format!("roll-up of {}, {level} s, from series {first_series}: {why}", date_of(day));
        result.damage.push(Damage { place: storage.catalog_place(), what, is_set_aside: repairs });
    }
    Ok(())
}

/// Notes the damage of a whole day, which is set aside by a repair.
fn set_day_aside(
    storage: &mut Storage,
    day: Day,
    what: String,
    repairs: bool,
    result: &mut CheckResult,
) -> Result<(), HistoryError> {
    if repairs {
        storage.set_day_aside(day)?;
    }
    result.damage.push(Damage { place: storage.day_place(day), what, is_set_aside: repairs });
    Ok(())
}

fn check_day(storage: &mut Storage, day: Day, repairs: bool, result: &mut CheckResult) -> Result<(), HistoryError> {
    let place = storage.day_place(day);
    if let Some(what) = storage.fault_of_day(day)? {
        return set_day_aside(storage, day, what, repairs, result);
    }
    for table in Table::ALL {
        let mut damaged = Vec::new();
        storage.each_block(day, table, &mut |id, place, data| {
            result.blocks += 1;
            let mut rows = Vec::new();
            if let Err(why) = block::decode(data, &mut rows) {
                damaged.push((id, format!("{place}: {why}")));
            }
        })?;
        for (id, what) in damaged {
            if repairs {
                storage.set_block_aside(day, table, id, &what)?;
            }
            result.damage.push(Damage { place: place.clone(), what, is_set_aside: repairs });
        }
    }
    Ok(())
}

//! The history of a building: every change of its inputs, alarms, commands and connections, on disk, and read back.
//!
//! A [`Recorder`] takes changes from a timeline without waiting for the disk. A [`History`] reads them: one property over
//! a span, everything at a moment, and everything that changed in a span. Series are identified by the id of a twin and
//! the name of a property, so edits, reloads and later versions of a scene keep their history.
//!
//! ```
//! use cupola_history::{Change, History, Recorder, Series, SeriesKey, TextIx};
//! use cupola_twin::{Kind, Quality};
//!
//! let folder = tempfile::tempdir()?;
//! let recorder = Recorder::open(folder.path())?;
//! let key = SeriesKey { twin: "room-101".into(), property: "temperature".into() };
//! let series = recorder.series(&Series { key, kind: Kind::Number, unit: Some("degreeCelsius".into()) });
//! let change = |time_us, lane| Change {
//!     series,
//!     time_us,
//!     taken_us: time_us,
//!     until_us: i64::MAX,
//!     quality: Quality::Good,
//!     cause: TextIx::default(),
//!     lane,
//! };
//! recorder.push(&[change(1_000_000, 20.5), change(2_000_000, 21.0)]);
//! recorder.flush()?;
//!
//! let history = History::open(folder.path())?;
//! let found = history.changes(series, (1_500_000, 3_000_000))?;
//! // The change before the span holds at its beginning.
//! assert_eq!(found.iter().map(|change| change.lane).collect::<Vec<_>>(), [20.5, 21.0]);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod block;
mod buckets;
mod change;
mod compact;
mod error;
mod import;
mod latest;
mod live;
mod names;
mod past;
mod place;
mod reader;
mod record;
mod recorder;
mod roller;
mod rollup;
mod store;
mod values;
mod verify;

pub use block::BlockError;
pub use buckets::{Bucket, buckets, next_boundary, value_spans};
pub use change::{Change, IMPORTED, LogEntry, LogKind, Series, SeriesIx, SeriesKey, TextIx};
pub use error::HistoryError;
pub use import::{HistoryImport, ImportResult, ImportedValue, ReadingIntervals};
pub use live::{INITIAL, TimelineRecorder};
pub use past::Past;
pub use place::{DatabasePlace, HistoryPlace};
pub use reader::History;
pub use record::{HistoryRecord, PastStep};
pub use recorder::{Recorder, RecorderStatus};
pub use roller::{Numbering, RollResult, roll_up};
pub use rollup::Retention;
pub use store::DiskUse;
pub use values::{PropertySource, SeriesBuckets, SeriesPast};
pub use verify::{CheckResult, Damage, check};

//! Runs migrations over a table: pass after pass until one changes nothing, with its progress stored after
//! each page.

use std::time::Instant;

use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use crate::change::RowChange;
use crate::error::{Error, Result};
use crate::item::{Item, Key, version};
use crate::migration::{Migration, MigrationDirection};
use crate::pace::Pace;
use crate::progress::{self, Progress, Running};
use crate::table::{Applied, MigratedTable};

/// How often a row is read again that changes while it is written.
const ROW_ATTEMPTS: u32 = 10;

/// A table, and what is run over it.
pub(crate) struct MigrationRun<'a> {
    pub(crate) table: MigratedTable,
    pub(crate) migrations: &'a [&'a dyn Migration],
    pub(crate) pace: Pace,
    /// Nothing is written; one pass says how many rows would be changed.
    pub(crate) is_dry: bool,
}

/// What became of one migration.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct MigrationOutcome {
    pub(crate) number: u32,
    pub(crate) name: &'static str,
    pub(crate) direction: MigrationDirection,
    /// Rows that were read in all passes, those of earlier runs included.
    pub(crate) read: u64,
    /// Rows that were changed, or would be.
    pub(crate) changed: u64,
}

/// How a migration stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Standing {
    Applied,
    Pending,
    Running(Running),
}

impl MigrationRun<'_> {
    /// Each migration, and how it stands.
    pub(crate) async fn status(&self) -> Result<Vec<(u32, &'static str, Standing)>> {
        let progress = self.progress().await?;
        let standing = |it: &&dyn Migration| {
            let number = it.number();
            let running = progress.running.clone().filter(|it| it.number == number);
            let standing = match running {
                Some(running) => Standing::Running(running),
                None if progress.applied.contains(&number) => Standing::Applied,
                None => Standing::Pending,
            };
            (number, it.name(), standing)
        };
        Ok(self.migrations.iter().map(standing).collect())
    }

    /// Applies what is not applied, up to and including `to`; all, if nothing is said.
    pub(crate) async fn up(&self, to: Option<u32>) -> Result<Vec<MigrationOutcome>> {
        let mut progress = self.progress().await?;
        let last = self.migrations.last().map_or(0, |it| it.number());
        let to = self.target(to.unwrap_or(last), MigrationDirection::Up)?;
        let mut outcomes = Vec::new();
        for it in self.migrations.iter().filter(|it| it.number() <= to) {
            if !progress.applied.contains(&it.number()) {
                outcomes.push(self.go(*it, MigrationDirection::Up, &mut progress).await?);
            }
        }
        Ok(outcomes)
    }

    /// Undoes what is applied after `to`; the last one, if nothing is said. 0 undoes all.
    pub(crate) async fn down(&self, to: Option<u32>) -> Result<Vec<MigrationOutcome>> {
        let mut progress = self.progress().await?;
        let is_begun = |number: u32, progress: &Progress| {
            let running = progress.running.as_ref();
            progress.applied.contains(&number) || running.is_some_and(|it| it.number == number)
        };
        let begun = self.migrations.iter().map(|it| it.number());
        let last = begun.filter(|it| is_begun(*it, &progress)).max();
        let to = self.target(
            to.unwrap_or(last.unwrap_or(1) - 1),
            MigrationDirection::Down,
        )?;
        let mut outcomes = Vec::new();
        for it in self.migrations.iter().rev().filter(|it| it.number() > to) {
            if is_begun(it.number(), &progress) {
                outcomes.push(
                    self.go(*it, MigrationDirection::Down, &mut progress)
                        .await?,
                );
            }
        }
        Ok(outcomes)
    }

    /// The progress, if this command can go on from it.
    async fn progress(&self) -> Result<Progress> {
        let progress = Progress::load(&self.table).await?;
        let running = progress.running.iter().map(|it| it.number);
        for number in progress.applied.iter().copied().chain(running) {
            if self.migrations.iter().all(|it| it.number() != number) {
                return Err(Error::Unknown(number));
            }
        }
        for (applied, it) in progress.applied.iter().zip(self.migrations) {
            if *applied != it.number() {
                return Err(Error::OutOfOrder(*applied));
            }
        }
        Ok(progress)
    }

    fn target(&self, number: u32, direction: MigrationDirection) -> Result<u32> {
        let is_known = self.migrations.iter().any(|it| it.number() == number);
        match is_known || number == 0 {
            true => Ok(number),
            false => Err(Error::NoTarget { number, direction }),
        }
    }

    /// One migration one way, from where it was stopped.
    async fn go(
        &self,
        migration: &dyn Migration,
        direction: MigrationDirection,
        progress: &mut Progress,
    ) -> Result<MigrationOutcome> {
        let number = migration.number();
        let running = progress.running.as_ref();
        let is_begun = running.is_some_and(|it| it.number == number && it.direction == direction);
        if self.is_dry || !is_begun {
            progress.applied.retain(|it| *it != number);
            progress.running = Some(begun(number, direction));
            self.save(progress).await?;
        }
        let running = self.passes(migration, direction, progress).await?;
        if direction == MigrationDirection::Up {
            progress.applied.push(number);
        }
        progress.running = None;
        self.save(progress).await?;
        Ok(MigrationOutcome {
            number,
            name: migration.name(),
            direction,
            read: running.read,
            changed: running.changed,
        })
    }

    /// Goes over the table until a pass changes nothing: rows that others wrote behind a pass in the shape of
    /// before are found by the next.
    async fn passes(
        &self,
        migration: &dyn Migration,
        direction: MigrationDirection,
        progress: &mut Progress,
    ) -> Result<Running> {
        let (started, mut rows) = (Instant::now(), 0);
        loop {
            let mut running = progress
                .running
                .clone()
                .unwrap_or_else(|| begun(migration.number(), direction));
            let page = self
                .table
                .page(running.after.as_ref(), self.pace.page())
                .await?;
            for item in page.items {
                running.read += 1;
                rows += 1;
                if self.change_row(migration, direction, item).await? {
                    running.changed += 1;
                    running.changed_in_pass += 1;
                }
            }
            running.after = page.next;
            if running.after.is_none() {
                if running.changed_in_pass == 0 || self.is_dry {
                    return Ok(running);
                }
                running.pass += 1;
                running.changed_in_pass = 0;
            }
            progress.running = Some(running);
            self.save(progress).await?;
            let wait = self.pace.wait(rows, started.elapsed());
            tokio::time::sleep(wait).await;
        }
    }

    /// Changes a row, which is read again if it changed meanwhile; whether there was anything to do.
    pub(crate) async fn change_row(
        &self,
        migration: &dyn Migration,
        direction: MigrationDirection,
        mut item: Item,
    ) -> Result<bool> {
        let kind = kind(&item);
        let key = Key::of(&item).ok_or_else(|| Error::Unreadable(kind.clone()))?;
        if key == progress::key() {
            return Ok(false);
        }
        for _ in 0..ROW_ATTEMPTS {
            let Some(change) = migration.plan(direction, &item) else {
                return Ok(false);
            };
            let version = version(&item).ok_or_else(|| Error::Unreadable(kind.clone()))?;
            if version > migration.version() {
                return Err(Error::TooNew {
                    kind,
                    version,
                    number: migration.number(),
                    known: migration.version(),
                });
            }
            if self.is_dry || self.apply(&change).await? {
                return Ok(true);
            }
            match self.table.get(&key).await? {
                Some(fresh) => item = fresh,
                None => return Ok(false),
            }
        }
        Err(Error::KeepsChanging(kind))
    }

    /// Does a change; whether its conditions held.
    async fn apply(&self, change: &RowChange) -> Result<bool> {
        let Applied::Refused(places) = self.table.apply(&change.writes).await? else {
            return Ok(true);
        };
        match &change.otherwise {
            Some(otherwise) if places == [0] => {
                Ok(self.table.apply(otherwise).await? == Applied::Done)
            }
            _ => Ok(false),
        }
    }

    async fn save(&self, progress: &mut Progress) -> Result<()> {
        match self.is_dry {
            true => Ok(()),
            false => progress.save(&self.table).await,
        }
    }
}

fn begun(number: u32, direction: MigrationDirection) -> Running {
    Running {
        number,
        direction,
        pass: 1,
        after: None,
        read: 0,
        changed: 0,
        changed_in_pass: 0,
        started_at: OffsetDateTime::now_utc()
            .format(&Rfc3339)
            .unwrap_or_default(),
    }
}

/// The kind of a row, by its key without ids and addresses.
fn kind(item: &Item) -> String {
    let part = |name: &str| {
        let text = crate::item::text(item, name).unwrap_or_default();
        text.split('#').next().unwrap_or_default().to_owned()
    };
    format!("{} / {}", part("pk"), part("sk"))
}

//! What comprehensions decide about, and who looks at it. cosign's evaluator takes them in an order: whoever looks at a field before a
//! comprehension adds to it sees something else. So nothing that is computed, compared or counted looks at what a comprehension adds.

use std::cell::Cell;
use std::collections::HashSet;

use super::super::ast::Position;
use super::super::error::Error;
use super::graph::Reading;
use super::outside;
use super::places::{Path, Step, within};
use super::reason::{Reason, named};

/// Where one thing lies, at most.
const MAX_PLACES: usize = 3_000;

/// Where all that is compared lies, at most.
const MAX_ALL_PLACES: usize = 200_000;

/// Comparisons of places, at most: some seconds' work.
const MAX_WORK: usize = 100_000_000;

/// Steps that a definition which contains itself is followed.
const MAX_NESTING: usize = 8;

/// How much of a value is looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Extent {
    /// All of it.
    Whole,
    /// Which fields or elements it has, and not what is in them.
    Names,
}

/// A field that a comprehension adds or constrains.
#[derive(Debug)]
pub(super) struct Added<'a> {
    pub(super) position: Position,
    pub(super) path: Path<'a>,
    /// Whether it becomes a struct by that.
    pub(super) is_struct: bool,
    /// Whether comprehensions alone make up what it is in, a hidden field: that is read as a whole.
    pub(super) is_helper: bool,
}

/// A place where something counts or compares: a call, a disjunction of structs, a bound.
#[derive(Debug)]
pub(super) struct Judged<'a> {
    pub(super) position: Position,
    pub(super) path: Path<'a>,
    pub(super) extent: Extent,
}

/// What a policy's comprehensions decide about, and what must not look at it.
#[derive(Debug, Default)]
pub(super) struct Decisions<'a> {
    pub(super) added: Vec<Added<'a>>,
    pub(super) judged: Vec<Judged<'a>>,
    /// Fields that something asks for with `_|_`, and where.
    pub(super) asked: Vec<(Position, Vec<Path<'a>>)>,
    /// Where a constraint takes over what is elsewhere: a reference to a definition.
    pub(super) taken: Vec<(Path<'a>, Path<'a>)>,
    /// Fields that comprehensions make structs of.
    pub(super) structs: Vec<(Position, Path<'a>)>,
    /// Fields of which the policy says anything but that they are structs.
    pub(super) others: Vec<Path<'a>>,
}

impl<'a> Decisions<'a> {
    /// That nobody looks at what a comprehension adds.
    pub(super) fn are_unseen(&self, readings: &[Reading<'a>]) -> Result<(), Error> {
        let places = Places { taken: &self.taken, work: Cell::new(0) };
        self.structs_are_structs(&places)?;
        let added = self.added.iter().map(|one| (one.position, &one.path, one));
        let mut added = places.of_all(added)?;
        asked_are_plain(&self.asked, &added, readings, &places)?;
        added.retain(|(_, one)| !one.is_helper);
        if added.is_empty() {
            return Ok(());
        }
        for reading in readings.iter().filter(|reading| !reading.takes) {
            let paths = vec![reading.to.clone(), reading.from.clone()];
            for place in places.moved(reading.position, paths)?.iter().filter_map(|paths| paths.first()) {
                places.compares(reading.position, added.len())?;
                let looks = |path: &Path<'_>, one: &Added<'_>| {
                    (one.is_struct || path.len() != place.len()) && sees(place, reading.extent, path)
                };
                if added.iter().any(|(path, one)| looks(path, one)) {
                    return Err(outside(reading.position, Reason::ReadsAdded).at(named(&reading.to)));
                }
            }
        }
        for judged in &self.judged {
            for place in places.everywhere(judged.position, &judged.path)? {
                places.compares(judged.position, added.len())?;
                let counts = |path: &Path<'_>, one: &Added<'_>| {
                    (path.len() > place.len() || one.is_struct && path.len() == place.len())
                        && sees(&place, judged.extent, path)
                };
                if added.iter().any(|(path, one)| counts(path, one)) {
                    return Err(outside(judged.position, Reason::JudgesAdded).at(named(&judged.path)));
                }
            }
        }
        Ok(())
    }

    /// What comprehensions make structs of is nothing else.
    fn structs_are_structs(&self, places: &Places<'_, 'a>) -> Result<(), Error> {
        let Some((first, _)) = self.structs.first() else { return Ok(()) };
        let others = places.of_all(self.others.iter().map(|other| (*first, other, ())))?;
        for (position, path) in &self.structs {
            for place in places.everywhere(*position, path)? {
                places.compares(*position, others.len())?;
                if others.iter().any(|(other, ())| other.len() == place.len() && within(other, &place)) {
                    return Err(outside(*position, Reason::StructAndOther).at(named(path)));
                }
            }
        }
        Ok(())
    }
}

/// What is asked for is not added, and refers to nothing.
fn asked_are_plain<'a>(
    all: &[(Position, Vec<Path<'a>>)],
    added: &[(Path<'a>, &Added<'a>)],
    readings: &[Reading<'a>],
    places: &Places<'_, 'a>,
) -> Result<(), Error> {
    if all.is_empty() {
        return Ok(());
    }
    let from = places.of_all(readings.iter().map(|reading| (reading.position, &reading.from, ())))?;
    for (position, asked) in all {
        for asked in places.moved(*position, asked.clone())?.iter().filter_map(|paths| paths.first()) {
            places.compares(*position, added.len() + from.len())?;
            if added.iter().any(|(place, _)| within(place, asked) || within(asked, place)) {
                return Err(outside(*position, Reason::AsksAdded).at(named(asked)));
            }
            if from.iter().any(|(from, ())| within(from, asked)) {
                return Err(outside(*position, Reason::AsksReference).at(named(asked)));
            }
        }
    }
    Ok(())
}

/// Finds where something lies besides where it stands.
struct Places<'d, 'a> {
    taken: &'d [(Path<'a>, Path<'a>)],
    /// Places that were made and compared.
    work: Cell<usize>,
}

impl<'a> Places<'_, 'a> {
    /// Counts places that are compared.
    fn compares(&self, position: Position, count: usize) -> Result<(), Error> {
        self.work.set(self.work.get().saturating_add(count));
        if self.work.get() > MAX_WORK {
            return Err(outside(position, Reason::TooManyPlaces));
        }
        Ok(())
    }

    /// All places of each of these.
    fn of_all<'p, T: Copy>(
        &self,
        all: impl Iterator<Item = (Position, &'p Path<'a>, T)>,
    ) -> Result<Vec<(Path<'a>, T)>, Error>
    where
        'a: 'p,
    {
        let mut places = Vec::new();
        for (position, path, what) in all {
            places.extend(self.everywhere(position, path)?.into_iter().map(|place| (place, what)));
            if places.len() > MAX_ALL_PLACES {
                return Err(outside(position, Reason::TooManyPlaces));
            }
        }
        Ok(places)
    }

    /// A place, and all those that take over what is there.
    fn everywhere(&self, position: Position, path: &[Step<'a>]) -> Result<Vec<Path<'a>>, Error> {
        let places = self.moved(position, vec![path.to_vec()])?;
        Ok(places.into_iter().flatten().collect())
    }

    /// Places that lie together, and where they lie wherever all of them are taken over.
    fn moved(&self, position: Position, paths: Vec<Path<'a>>) -> Result<Vec<Vec<Path<'a>>>, Error> {
        let longest = paths.iter().map(Vec::len).max().unwrap_or_default();
        let mut places = vec![paths];
        let mut known: HashSet<_> = places.iter().cloned().collect();
        let mut next = 0;
        while let Some(place) = places.get(next).cloned() {
            next += 1;
            self.compares(position, self.taken.len())?;
            for (by, from) in self.taken {
                let Some(moved) = place.iter().map(|path| under(by, from, path)).collect::<Option<Vec<_>>>()
                else {
                    continue;
                };
                let is_long = moved.iter().any(|path| path.len() > longest + MAX_NESTING);
                let is_nested = is_long && within(by, from);
                if !is_nested && known.insert(moved.clone()) {
                    places.push(moved);
                }
            }
            if places.len() > MAX_PLACES {
                return Err(outside(position, Reason::TooManyPlaces));
            }
        }
        Ok(places)
    }
}

/// What lies at this path, where it is taken over.
fn under<'a>(by: &[Step<'a>], from: &[Step<'a>], path: &[Step<'a>]) -> Option<Path<'a>> {
    (path.len() >= from.len() && within(path, from))
        .then(|| [by, path.get(from.len()..).unwrap_or_default()].concat())
}

/// Whether who looks at this place sees what a comprehension adds there.
fn sees(place: &[Step<'_>], extent: Extent, added: &[Step<'_>]) -> bool {
    let below = within(added, place);
    within(place, added) || below && (extent == Extent::Whole || added.len() <= place.len() + 1)
}

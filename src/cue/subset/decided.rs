//! What comprehensions decide about, and who looks at it. cosign's evaluator takes them in an order: whoever looks at a field before a
//! comprehension adds to it sees something else. So nothing that is computed, compared or counted looks at what a comprehension adds.

use super::super::ast::Position;
use super::super::error::Error;
use super::graph::Reading;
use super::outside;
use super::places::{Path, Step, within};
use super::reason::{Reason, named};

/// Places that are compared, at most.
const MAX_PLACES: usize = 3_000;

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
        self.structs_are_structs()?;
        self.asked_are_plain(readings)?;
        let mut added = Vec::new();
        for one in self.added.iter().filter(|one| !one.is_helper) {
            added.extend(self.everywhere(one.position, &one.path)?.into_iter().map(|path| (path, one)));
        }
        if added.is_empty() {
            return Ok(());
        }
        for reading in readings.iter().filter(|reading| !reading.takes) {
            let paths = vec![reading.to.clone(), reading.from.clone()];
            for place in self.moved(reading.position, paths)?.iter().filter_map(|paths| paths.first()) {
                let looks = |path: &Path<'_>, one: &Added<'_>| {
                    (one.is_struct || path.len() != place.len()) && sees(place, reading.extent, path)
                };
                if added.iter().any(|(path, one)| looks(path, one)) {
                    return Err(outside(reading.position, Reason::ReadsAdded).at(named(&reading.to)));
                }
            }
        }
        for judged in &self.judged {
            for place in self.everywhere(judged.position, &judged.path)? {
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
    fn structs_are_structs(&self) -> Result<(), Error> {
        for (position, path) in &self.structs {
            for place in self.everywhere(*position, path)? {
                for other in &self.others {
                    let others = self.everywhere(*position, other)?;
                    if others.iter().any(|other| other.len() == place.len() && within(other, &place)) {
                        return Err(outside(*position, Reason::StructAndOther).at(named(path)));
                    }
                }
            }
        }
        Ok(())
    }

    /// What is asked for is not added, and refers to nothing.
    fn asked_are_plain(&self, readings: &[Reading<'a>]) -> Result<(), Error> {
        for (position, asked) in &self.asked {
            for asked in self.moved(*position, asked.clone())?.iter().filter_map(|paths| paths.first()) {
                for one in &self.added {
                    let meets = |place: &Path<'_>| within(place, asked) || within(asked, place);
                    if self.everywhere(one.position, &one.path)?.iter().any(meets) {
                        return Err(outside(*position, Reason::AsksAdded).at(named(asked)));
                    }
                }
                for reading in readings {
                    if self
                        .everywhere(reading.position, &reading.from)?
                        .iter()
                        .any(|from| within(from, asked))
                    {
                        return Err(outside(*position, Reason::AsksReference).at(named(asked)));
                    }
                }
            }
        }
        Ok(())
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
        let mut next = 0;
        while let Some(place) = places.get(next).cloned() {
            next += 1;
            for (by, from) in &self.taken {
                let Some(moved) = place.iter().map(|path| under(by, from, path)).collect::<Option<Vec<_>>>()
                else {
                    continue;
                };
                let is_long = moved.iter().any(|path| path.len() > longest + MAX_NESTING);
                let is_nested = is_long && within(by, from);
                if !is_nested && !places.contains(&moved) {
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

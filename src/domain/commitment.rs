//! Commitments: promises with a clock, judged from the facts of a case and the time reached.
//!
//! A commitment is missed **the moment its deadline passes**, whether or not the case has ended. What was done later is
//! told as `late`, beside the miss. A case asks to be judged again when one of its deadlines comes (`Facts::wake_at`).
//!
//! The clock stands during excused pauses: then there is no deadline, and afterwards it lies later. Two clocks can be read:
//! the gross one from start to end (`kept`), and the net one without pauses and closed hours (`net`).

mod deadline;
pub mod told;

use super::context::{Context, Named};
use super::event::Word;
use super::fact::clock::{PauseDoes, Why};
use super::fact::{Fact, FactKind, Facts, place::commitment as place};
use super::group::Group;
use super::standard::{Commitment, Reopening, Terms};
use super::time::Timestamp;
use deadline::{Clock, Rule, Stretch};
use jiff::tz::TimeZone;

/// What is known of a case beside its facts.
#[derive(Clone, Copy, Debug)]
pub struct Judged<'a> {
    /// The group it belongs to.
    pub now: &'a Group,
    /// The group it belonged to when it was first heard of.
    pub first: &'a Group,
    /// The times its events have named.
    pub named: Named,
}

/// Adds what the commitments mean for the case whose facts are told in `facts`.
#[inline]
pub fn judge(context: &Context<'_>, judged: &Judged<'_>, facts: &mut Facts) {
    let families = facts.families;
    let mut number = 0;
    for commitment in &context.standard.commitments {
        if families & (1 << commitment.family.0) != 0 {
            judge_one(context, commitment, number, judged, facts);
        }
        number += commitment.terms.len();
    }
}

/// Judges one commitment; `number` is that of its first terms among those of all.
fn judge_one(context: &Context<'_>, commitment: &Commitment, number: usize, judged: &Judged<'_>, facts: &mut Facts) {
    let Some(from) = first(facts, commitment.from) else { return };
    let place = commitment.terms_at(from);
    let terms = &commitment.terms[place];
    let group = if terms.by_first_attributes { judged.first } else { judged.now };
    let promise = |from: Timestamp, until: Option<Timestamp>, last: bool| {
        let choices = group.choices[number + place];
        Promise {
            context,
            commitment,
            terms,
            choices,
            named: judged.named,
            zone: context.standard.zones.get(usize::from(group.zone)),
            from,
            until,
            last,
        }
    };
    let reopened = if terms.reopening == Reopening::First { Vec::new() } else { reopenings(facts) };
    match (terms.reopening, reopened.last()) {
        (Reopening::Resumes, Some(last)) => promise(from, until(facts, commitment.until, last, None), true).judge(facts),
        (Reopening::Restarts, Some(_)) => {
            let first = first(facts, commitment.until);
            promise(from, first, first.is_none()).judge(facts);
            for (place, reopened_at) in reopened.iter().enumerate() {
                let next = reopened.get(place + 1);
                promise(reopened_at.time, until(facts, commitment.until, reopened_at, next), next.is_none()).judge(facts);
            }
        }
        _ => promise(from, first(facts, commitment.until), true).judge(facts),
    }
}

/// When the first fact of a kind happened.
fn first(facts: &Facts, kind: FactKind) -> Option<Timestamp> {
    facts.all.iter().filter(|fact| fact.kind == kind).map(|fact| fact.time).min()
}

/// When a resolved order was reopened, and how many facts had been told by then.
struct Reopened {
    time: Timestamp,
    told: usize,
}

fn reopenings(facts: &Facts) -> Vec<Reopened> {
    let closed = facts.stops.iter().filter(|stop| stop.why == Why::Closed);
    closed.filter_map(|stop| Some(Reopened { time: stop.end?, told: stop.told })).collect()
}

/// When the first fact of a kind happened between two reopenings. What happened at the very moment of one belongs to the side on
/// which it was told: resolved and reopened within one millisecond, an order is open.
fn until(facts: &Facts, kind: FactKind, after: &Reopened, before: Option<&Reopened>) -> Option<Timestamp> {
    let before = |(place, fact): &(usize, &Fact)| before.is_none_or(|before| *place < before.told || fact.time < before.time);
    let own = facts.all.iter().enumerate().skip(after.told).filter(|(_, fact)| fact.kind == kind && fact.time >= after.time);
    own.filter(before).map(|(_, fact)| fact.time).min()
}

/// One clock of a commitment on a case.
struct Promise<'a> {
    context: &'a Context<'a>,
    commitment: &'a Commitment,
    terms: &'a Terms,
    /// Which choices of a deadline the case has.
    choices: u32,
    named: Named,
    zone: &'a TimeZone,
    from: Timestamp,
    until: Option<Timestamp>,
    /// Whether no other clock has started after this one.
    last: bool,
}

impl Promise<'_> {
    #[inline]
    fn tell(&self, facts: &mut Facts, place: u16, time: Timestamp, value: i64) {
        if self.wants(place) {
            facts.all.push(Fact { kind: self.commitment.facts.plus(place), word: None, time, value });
        }
    }

    #[inline]
    fn wants(&self, place: u16) -> bool {
        self.context.wanted[usize::from(self.commitment.facts.plus(place).0)]
    }

    #[inline]
    fn judge(&self, facts: &mut Facts) {
        let Some(rule) = self.rule() else { return };
        let stretches = self.stretches(facts);
        let clock = rule.clock(self.from, &stretches, 100);
        let deadline = clock.deadline();
        let (from, now) = (self.from, self.context.now);
        let void = self.void(facts);
        let own = facts.all.len();
        self.tell(facts, place::PROMISED, from, Fact::UNKNOWN);
        let kept = self.until.filter(|until| deadline.is_none_or(|deadline| *until <= deadline) && void.is_none_or(|void| *until <= void));
        let voided = void.filter(|void| deadline.is_none_or(|deadline| *void <= deadline) && self.until.is_none_or(|until| *void <= until));
        // Done late, but by somebody else's fault: the miss that was told when the deadline passed is taken back.
        let excused = self.until.filter(|_| facts.liable.is_some_and(|liable| self.terms.excused_by.contains(&liable)));
        match (kept, voided.or(excused)) {
            (Some(until), _) => {
                self.tell(facts, place::KEPT, until, until.since(from));
                match deadline {
                    Some(deadline) if now >= deadline => self.tell(facts, place::KEPT_DUE, deadline, Fact::UNKNOWN),
                    Some(deadline) if self.wants(place::KEPT_DUE) => facts.wake_at(deadline),
                    _ => {}
                }
            }
            (None, Some(time)) => {
                if self.wants(place::EXCUSED) {
                    let kind = self.commitment.facts.plus(place::EXCUSED);
                    facts.all.push(Fact { kind, word: facts.liable, time, value: Fact::UNKNOWN });
                }
            }
            (None, None) => self.not_kept(facts, &clock, void),
        }
        if self.until.is_some() && self.wants(place::NET) {
            self.net(facts, &rule);
        }
        if !self.terms.warnings.is_empty() && self.wants(place::WARNED) {
            self.warn(facts, &rule, &stretches, &clock, voided);
        }
        if facts.clocks.is_some() {
            self.explain(facts, own, &rule, &stretches, &clock);
        }
    }

    /// Neither kept nor void so far.
    fn not_kept(&self, facts: &mut Facts, clock: &Clock, void: Option<Timestamp>) {
        let (from, now) = (self.from, self.context.now);
        if let (Some(until), Some(deadline)) = (self.until, clock.deadline()) {
            // `until` lies behind the deadline, but a clock that runs ahead may have said it before its time.
            self.tell(facts, place::MISSED, deadline, Fact::UNKNOWN);
            self.tell(facts, place::LATE, until, until.since(deadline));
            return;
        }
        // Nobody can keep the promise any more once the case is closed: it is missed when its time comes, but stands no longer.
        let stands = self.last && facts.open && void.is_none();
        if stands {
            self.tell(facts, place::RUNNING, from, Fact::UNKNOWN);
        }
        match *clock {
            Clock::Stands(since) if stands => self.tell(facts, place::STOPPED, since, Fact::UNKNOWN),
            Clock::Stands(_) | Clock::Never => {}
            Clock::Ends(deadline) if now >= deadline => {
                self.tell(facts, place::MISSED, deadline, Fact::UNKNOWN);
                if stands {
                    self.tell(facts, place::OVERDUE, deadline, Fact::UNKNOWN);
                }
            }
            Clock::Ends(deadline) => {
                facts.wake_at(deadline);
                match self.terms.due_soon_ms.map(|millis| deadline.plus(-millis).max(from)) {
                    Some(soon) if now < soon => facts.wake_at(soon),
                    Some(soon) if stands => self.tell(facts, place::DUE_SOON, soon, Fact::UNKNOWN),
                    Some(_) | None => {}
                }
            }
        }
    }

    /// Tells how long it took on the net clock.
    fn net(&self, facts: &mut Facts, rule: &Rule<'_>) {
        let Some(until) = self.until else { return };
        let pauses = self.stretches_that(facts, |does| does != PauseDoes::Ignored);
        let net = rule.open_time(self.from, until, &pauses);
        self.tell(facts, place::NET, until, net);
    }

    /// Tells the warnings whose time has come before the promise was kept or void.
    fn warn(&self, facts: &mut Facts, rule: &Rule<'_>, stretches: &[Stretch], clock: &Clock, voided: Option<Timestamp>) {
        for warning in &self.terms.warnings {
            let Some(at) = rule.warning(warning.at, self.from, stretches, clock) else { continue };
            if self.until.is_some_and(|until| until <= at) || voided.is_some_and(|void| void <= at) {
                continue;
            }
            if at > self.context.now {
                facts.wake_at(at);
            } else {
                let kind = self.commitment.facts.plus(place::WARNED);
                facts.all.push(Fact { kind, word: Some(warning.word), time: at, value: Fact::UNKNOWN });
            }
        }
    }

    /// The first deadline that fits the case.
    #[inline]
    fn rule(&self) -> Option<Rule<'_>> {
        let mut choices = self.choices;
        while choices != 0 {
            let choice = &self.terms.choices[choices.trailing_zeros() as usize];
            if let Some(rule) = Rule::new(choice.deadline, &self.named, self.context.standard, self.zone) {
                return Some(rule);
            }
            choices &= choices - 1;
        }
        None
    }

    /// When the promise became void.
    #[inline]
    fn void(&self, facts: &Facts) -> Option<Timestamp> {
        let voids = facts.all.iter().filter(|fact| self.terms.void.contains(&fact.kind) && fact.time >= self.from);
        voids.map(|fact| fact.time).min()
    }

    /// The stretches in which the clock stands.
    #[inline]
    fn stretches(&self, facts: &Facts) -> Vec<Stretch> {
        self.stretches_that(facts, |does| does == PauseDoes::Excused)
    }

    /// What a pause does to the clock.
    fn pause(&self, reason: Option<Word>, liable: Option<Word>) -> PauseDoes {
        let among = |words: &[Word], word: Option<Word>| words.is_empty() || word.is_some_and(|word| words.contains(&word));
        let pause = self.terms.pauses.iter().find(|pause| among(&pause.reasons, reason) && among(&pause.liable, liable));
        pause.map_or(PauseDoes::Counted, |pause| pause.does)
    }

    /// The pauses of which the terms say something that `fits`, and the stretches in which a resuming order was closed; cut to
    /// the time between start and end.
    fn stretches_that(&self, facts: &Facts, fits: impl Fn(PauseDoes) -> bool) -> Vec<Stretch> {
        let stops = facts.stops.iter().filter(|stop| match stop.why {
            Why::Closed => self.terms.reopening == Reopening::Resumes,
            Why::Paused { reason, liable } => fits(self.pause(reason, liable)),
        });
        let cut = stops.filter_map(|stop| {
            let begin = stop.begin.max(self.from);
            let end = match (stop.end, self.until) {
                (Some(end), Some(until)) => Some(end.min(until)),
                (end, until) => end.or(until),
            };
            end.is_none_or(|end| end > begin).then_some(Stretch { begin, end })
        });
        cut.collect()
    }
}

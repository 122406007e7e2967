//! The fields of an event's `data`: which are understood, and what their values must be.

use super::Keys;
use crate::domain::event::names::Names;
use crate::domain::event::{AgentState, Customer, Detail, Millis, Moment, Verb, Word};
use crate::domain::standard::Schema;
use crate::domain::time::{Timestamp, shorten};
use crate::ingest::raw::Scalar;
use siphasher::sip::SipHasher13;
use std::borrow::Cow;
use std::hash::Hasher;
use std::num::{NonZeroU8, NonZeroU64};

/// Text from an event, borrowed where it can be.
pub(super) type Text<'a> = Cow<'a, str>;

/// The longest value of a dimension, in bytes: it becomes a label.
pub(super) const LONGEST: usize = 200;

/// A field that is understood.
#[derive(Clone, Copy, Debug)]
pub(super) struct Field {
    dimension: Option<u8>,
    known: Option<Known>,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Known {
    Customer,
    Topic,
    Due,
    Appointment,
    Wait,
    Talk,
    Hold,
    Wrapup,
    Score,
    Scale,
    State,
    Owner,
    Liable,
    Reason,
    To,
    Level,
    Resolved,
    Satisfied,
}

/// The fields that [`Verb::word`] names.
const WORDS: [Known; 5] = [Known::Reason, Known::To, Known::Level, Known::Resolved, Known::Satisfied];

impl Known {
    /// The field with this name. Dimensions are the standard's business and not among them.
    fn find(name: &str) -> Option<Known> {
        Some(match name {
            "customer" => Known::Customer,
            "topic" => Known::Topic,
            "due" => Known::Due,
            "appointment" => Known::Appointment,
            "wait_seconds" => Known::Wait,
            "talk_seconds" => Known::Talk,
            "hold_seconds" => Known::Hold,
            "wrapup_seconds" => Known::Wrapup,
            "score" => Known::Score,
            "scale" => Known::Scale,
            "state" => Known::State,
            "owner" => Known::Owner,
            "liable" => Known::Liable,
            "reason" => Known::Reason,
            "to" => Known::To,
            "level" => Known::Level,
            "resolved" => Known::Resolved,
            "satisfied" => Known::Satisfied,
            _ => return None,
        })
    }

    fn name(self) -> &'static str {
        match self {
            Known::Customer => "customer",
            Known::Topic => "topic",
            Known::Due => "due",
            Known::Appointment => "appointment",
            Known::Wait => "wait_seconds",
            Known::Talk => "talk_seconds",
            Known::Hold => "hold_seconds",
            Known::Wrapup => "wrapup_seconds",
            Known::Score => "score",
            Known::Scale => "scale",
            Known::State => "state",
            Known::Owner => "owner",
            Known::Liable => "liable",
            Known::Reason => "reason",
            Known::To => "to",
            Known::Level => "level",
            Known::Resolved => "resolved",
            Known::Satisfied => "satisfied",
        }
    }
}

/// What the data of one event says.
pub(super) struct Fields<'a, 's> {
    schema: &'s Schema,
    keys: &'s Keys,
    /// The values of the dimensions.
    pub(super) attributes: [Option<Text<'a>>; Schema::DIMENSIONS],
    detail: Detail,
    score: Option<f64>,
    scale: Option<f64>,
    /// What the fields of [`WORDS`] said, in their order.
    words: [Option<Word>; WORDS.len()],
    /// The texts of the words that name circumstances, if they are to be kept: those of [`Fields::NAMED`], in their order.
    texts: Option<[Option<Box<str>>; 4]>,
    problem: Option<String>,
}

impl<'a, 's> Fields<'a, 's> {
    #[inline]
    pub(super) fn new(schema: &'s Schema, keys: &'s Keys, names: bool) -> Fields<'a, 's> {
        Fields {
            schema,
            keys,
            attributes: [const { None }; Schema::DIMENSIONS],
            detail: Detail::default(),
            score: None,
            scale: None,
            words: [None; WORDS.len()],
            texts: names.then(Default::default),
            problem: None,
        }
    }

    /// The fields whose words may be named to people. Never those that tell who somebody is.
    const NAMED: [Known; 4] = [Known::Reason, Known::To, Known::Level, Known::Liable];

    /// Whether the texts of words are kept.
    pub(super) fn keeps_names(&self) -> bool {
        self.texts.is_some()
    }

    /// Adds the texts of the words that an event with this verb says.
    pub(super) fn name_words(&self, verb: Verb, names: &mut Names) {
        for (known, text) in Self::NAMED.iter().zip(self.texts.iter().flatten()) {
            let says = *known == Known::Liable || verb.word() == Some(known.name());
            if let Some(text) = text.as_deref().filter(|text| says && !is_number_of_somebody(text)) {
                names.push_word(Word::of(text), text);
            }
        }
    }

    /// The field with this name, if it is understood.
    pub(super) fn find(&self, name: &str) -> Option<Field> {
        let dimension = self.schema.dimensions.iter().position(|dimension| dimension == name);
        match dimension {
            // Most fields are dimensions; only `topic` and the like are looked up twice.
            Some(place) => Some(Field { dimension: Some(place as u8), known: Known::find(name) }),
            None => Known::find(name).map(|known| Field { dimension: None, known: Some(known) }),
        }
    }

    /// Takes the value of a field. Of several problems the first is kept.
    pub(super) fn set(&mut self, field: Field, value: Scalar<'a>) {
        if let Some(known) = field.known
            && let Err(what) = self.set_known(known, &value)
        {
            self.problem.get_or_insert_with(|| format!("`{}` {what}", known.name()));
        }
        let Some(dimension) = field.dimension else { return };
        let text = match value {
            Scalar::Text(text) => text,
            Scalar::Number(number) => Cow::Owned(number.to_string()),
            Scalar::Bool(value) => Cow::Borrowed(if value { "true" } else { "false" }),
        };
        if text.len() > LONGEST {
            let name = &self.schema.dimensions[usize::from(dimension)];
            self.problem.get_or_insert_with(|| format!("`{name}` is longer than {LONGEST} bytes"));
        }
        self.attributes[usize::from(dimension)] = Some(text);
    }

    fn set_known(&mut self, known: Known, value: &Scalar<'_>) -> Result<(), String> {
        if let (Some(texts), Some(place)) = (&mut self.texts, Self::NAMED.iter().position(|named| *named == known)) {
            texts[place] = Some(text(value)?.into());
        }
        match known {
            Known::Customer => {
                let mut hasher = SipHasher13::new_with_key(&self.keys.customer);
                hasher.write(text(value)?.as_bytes());
                self.detail.customer = Some(Customer(NonZeroU64::new(hasher.finish()).unwrap_or(NonZeroU64::MIN)));
            }
            Known::Topic => self.detail.topic = Some(Word::of(&text(value)?)),
            Known::Due => self.detail.due = Moment::new(Timestamp::parse(&text(value)?)?),
            Known::Appointment => self.detail.appointment = Moment::new(Timestamp::parse(&text(value)?)?),
            Known::Wait => self.detail.wait = Some(seconds(value)?),
            Known::Talk => self.detail.talk = Some(seconds(value)?),
            Known::Hold => self.detail.hold = Some(seconds(value)?),
            Known::Wrapup => self.detail.wrapup = Some(seconds(value)?),
            Known::Owner => self.detail.owner = Some(Word::of(&text(value)?)),
            Known::Liable => self.detail.liable = Some(Word::of(&text(value)?)),
            Known::Reason => self.words[0] = Some(Word::of(&text(value)?)),
            Known::To => self.words[1] = Some(Word::of(&text(value)?)),
            Known::Level => self.words[2] = Some(Word::of(&text(value)?)),
            Known::Resolved => self.words[3] = Some(Word::of(if yes(value)? { "true" } else { "false" })),
            Known::Satisfied => self.words[4] = Some(Word::of(if yes(value)? { "true" } else { "false" })),
            Known::Score => self.score = Some(number(value)?),
            Known::Scale => self.scale = Some(number(value)?),
            Known::State => self.detail.agent_state = Some(state(&text(value)?)?),
        }
        Ok(())
    }

    /// The detail of an event with this verb.
    pub(super) fn finish(&mut self, verb: Verb) -> Result<Detail, String> {
        if let Some(problem) = self.problem.take() {
            return Err(problem);
        }
        if let Some(score) = self.score {
            let scale = self.scale.unwrap_or(5.0);
            if !(scale > 1.0 && (1.0..=scale).contains(&score)) {
                return Err(format!("`score` {score} does not lie between 1 and its `scale` {scale}"));
            }
            // Brought to five answers, so that surveys with other scales can be counted together.
            self.detail.answer = NonZeroU8::new(((score - 1.0) / (scale - 1.0) * 4.0).round() as u8 + 1);
        }
        if let Some(name) = verb.word() {
            self.detail.word = WORDS.iter().position(|word| word.name() == name).and_then(|place| self.words[place]);
        }
        Ok(self.detail)
    }
}

/// Whether a word looks like a telephone number: a call can be transferred to one, and it is nobody's business here.
fn is_number_of_somebody(text: &str) -> bool {
    let digits = text.bytes().filter(u8::is_ascii_digit).count();
    digits >= 7 && text.bytes().all(|byte| byte.is_ascii_digit() || b"+-() ./".contains(&byte))
}

fn text<'v>(value: &'v Scalar<'_>) -> Result<Cow<'v, str>, String> {
    match value {
        Scalar::Text(text) => Ok(Cow::Borrowed(text)),
        Scalar::Number(number) => Ok(Cow::Owned(number.to_string())),
        Scalar::Bool(_) => Err("must be a text".to_owned()),
    }
}

fn number(value: &Scalar<'_>) -> Result<f64, String> {
    match value {
        Scalar::Number(number) if number.is_finite() => Ok(*number),
        Scalar::Text(text) => {
            let number = text.trim().parse().ok().filter(|number: &f64| number.is_finite());
            number.ok_or_else(|| format!("must be a number, not `{}`", shorten(text)))
        }
        _ => Err("must be a number".to_owned()),
    }
}

/// Seconds as milliseconds; nobody waits or talks for weeks.
fn seconds(value: &Scalar<'_>) -> Result<Millis, String> {
    let seconds = number(value)?;
    let millis = (seconds * 1_000.0).round();
    let fits = (0.0..=Millis::LONGEST as f64).contains(&millis);
    let millis = if fits { Millis::new(millis as i64) } else { None };
    millis.ok_or_else(|| format!("must be a number of seconds from 0 to {}, not {seconds}", Millis::LONGEST / 1_000))
}

fn yes(value: &Scalar<'_>) -> Result<bool, String> {
    match value {
        Scalar::Bool(yes) => Ok(*yes),
        Scalar::Text(text) if text == "true" => Ok(true),
        Scalar::Text(text) if text == "false" => Ok(false),
        _ => Err("must be true or false".to_owned()),
    }
}

fn state(text: &str) -> Result<AgentState, String> {
    let state = AgentState::NAMES.iter().find(|(name, _)| *name == text).map(|(_, state)| *state);
    state.ok_or_else(|| format!("must be ready, talking, wrapup, pause or offline, not `{}`", shorten(text)))
}

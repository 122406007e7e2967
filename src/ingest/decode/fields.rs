//! The fields of an event's `data`: which are understood, and what their values must be.

use super::raw_event::Scalar;
use crate::domain::events::batch::BatchNames;
use crate::domain::events::event::{
    AgentState, CustomerKey, EventDetail, EventVerb, PackedMillis, PackedTimestamp, Symbol,
};
use crate::domain::standard::EventSchema;
use crate::domain::time::timestamp::{Timestamp, truncate_for_message};
use crate::ingest::decode::HashKeys;
use siphasher::sip::SipHasher13;
use std::borrow::Cow;
use std::hash::Hasher;
use std::num::{NonZeroU8, NonZeroU64};

/// Text from an event, borrowed where it can be.
pub(super) type EventText<'a> = Cow<'a, str>;

/// The longest value of a dimension, in bytes: it becomes a label.
pub(super) const DIMENSION_BYTES_MAX: usize = 200;

/// A field that is understood.
#[derive(Clone, Copy, Debug)]
pub(super) struct DataField {
    dimension: Option<u8>,
    known: Option<KnownField>,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum KnownField {
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

/// Returns the names of all fields of `data` that have a meaning of their own.
#[must_use]
pub fn data_field_names() -> [&'static str; 18] {
    KnownField::ALL.map(KnownField::name)
}

/// The fields that [`Verb::word`] names.
const LABEL_FIELDS: [KnownField; 5] = [
    KnownField::Reason,
    KnownField::To,
    KnownField::Level,
    KnownField::Resolved,
    KnownField::Satisfied,
];

impl KnownField {
    /// Every field, for the event reference.
    const ALL: [KnownField; 18] = [
        KnownField::Customer,
        KnownField::Topic,
        KnownField::Due,
        KnownField::Appointment,
        KnownField::Wait,
        KnownField::Talk,
        KnownField::Hold,
        KnownField::Wrapup,
        KnownField::Score,
        KnownField::Scale,
        KnownField::State,
        KnownField::Owner,
        KnownField::Liable,
        KnownField::Reason,
        KnownField::To,
        KnownField::Level,
        KnownField::Resolved,
        KnownField::Satisfied,
    ];

    /// The field with this name. Dimensions are the standard's business and not among them.
    fn from_name(name: &str) -> Option<KnownField> {
        Some(match name {
            "customer" => KnownField::Customer,
            "topic" => KnownField::Topic,
            "due" => KnownField::Due,
            "appointment" => KnownField::Appointment,
            "wait_seconds" => KnownField::Wait,
            "talk_seconds" => KnownField::Talk,
            "hold_seconds" => KnownField::Hold,
            "wrapup_seconds" => KnownField::Wrapup,
            "score" => KnownField::Score,
            "scale" => KnownField::Scale,
            "state" => KnownField::State,
            "owner" => KnownField::Owner,
            "liable" => KnownField::Liable,
            "reason" => KnownField::Reason,
            "to" => KnownField::To,
            "level" => KnownField::Level,
            "resolved" => KnownField::Resolved,
            "satisfied" => KnownField::Satisfied,
            _ => return None,
        })
    }

    fn name(self) -> &'static str {
        match self {
            KnownField::Customer => "customer",
            KnownField::Topic => "topic",
            KnownField::Due => "due",
            KnownField::Appointment => "appointment",
            KnownField::Wait => "wait_seconds",
            KnownField::Talk => "talk_seconds",
            KnownField::Hold => "hold_seconds",
            KnownField::Wrapup => "wrapup_seconds",
            KnownField::Score => "score",
            KnownField::Scale => "scale",
            KnownField::State => "state",
            KnownField::Owner => "owner",
            KnownField::Liable => "liable",
            KnownField::Reason => "reason",
            KnownField::To => "to",
            KnownField::Level => "level",
            KnownField::Resolved => "resolved",
            KnownField::Satisfied => "satisfied",
        }
    }
}

/// What the data of one event says.
pub(super) struct DecodedFields<'a, 's> {
    schema: &'s EventSchema,
    keys: &'s HashKeys,
    /// The values of the dimensions.
    pub(super) attributes: [Option<EventText<'a>>; EventSchema::MAX_DIMENSIONS],
    detail: EventDetail,
    score: Option<f64>,
    scale: Option<f64>,
    /// What the fields of [`WORDS`] said, in their order.
    labels: [Option<Symbol>; LABEL_FIELDS.len()],
    /// The texts of the words that name circumstances, if they are to be kept: those of [`Fields::NAMED`], in their order.
    label_texts: Option<[Option<Box<str>>; 4]>,
    problem: Option<String>,
}

impl<'a, 's> DecodedFields<'a, 's> {
    #[inline]
    pub(super) fn new(
        schema: &'s EventSchema,
        keys: &'s HashKeys,
        names: bool,
    ) -> DecodedFields<'a, 's> {
        DecodedFields {
            schema,
            keys,
            attributes: [const { None }; EventSchema::MAX_DIMENSIONS],
            detail: EventDetail::default(),
            score: None,
            scale: None,
            labels: [None; LABEL_FIELDS.len()],
            label_texts: names.then(Default::default),
            problem: None,
        }
    }

    /// The fields whose words may be named to people. Never those that tell who somebody is.
    const NAMED_FIELDS: [KnownField; 4] =
        [KnownField::Reason, KnownField::To, KnownField::Level, KnownField::Liable];

    /// Whether the texts of words are kept.
    pub(super) fn has_label_texts(&self) -> bool {
        self.label_texts.is_some()
    }

    /// Adds the texts of the words that an event with this verb says.
    pub(super) fn push_label_names(&self, verb: EventVerb, names: &mut BatchNames) {
        for (known, text) in Self::NAMED_FIELDS.iter().zip(self.label_texts.iter().flatten()) {
            let says = *known == KnownField::Liable || verb.label_field() == Some(known.name());
            if let Some(text) = text.as_deref().filter(|text| says && !is_phone_number(text)) {
                names.insert_symbol_text(Symbol::from_text(text), text);
            }
        }
    }

    /// The field with this name, if it is understood.
    pub(super) fn find_field(&self, name: &str) -> Option<DataField> {
        let dimension = self.schema.dimensions.iter().position(|dimension| dimension == name);
        match dimension {
            // Most fields are dimensions; only `topic` and the like are looked up twice.
            Some(place) => {
                Some(DataField { dimension: Some(place as u8), known: KnownField::from_name(name) })
            }
            None => KnownField::from_name(name)
                .map(|known| DataField { dimension: None, known: Some(known) }),
        }
    }

    /// Takes the value of a field. Of several problems the first is kept.
    pub(super) fn set_field(&mut self, field: DataField, value: Scalar<'a>) {
        if let Some(known) = field.known
            && let Err(what) = self.set_known_field(known, &value)
        {
            self.problem.get_or_insert_with(|| format!("`{}` {what}", known.name()));
        }
        let Some(dimension) = field.dimension else { return };
        let text = match value {
            Scalar::Text(text) => text,
            Scalar::Number(number) => Cow::Owned(number.to_string()),
            Scalar::Bool(value) => Cow::Borrowed(if value { "true" } else { "false" }),
        };
        if text.len() > DIMENSION_BYTES_MAX {
            let name = &self.schema.dimensions[usize::from(dimension)];
            self.problem.get_or_insert_with(|| {
                format!("`{name}` is longer than {DIMENSION_BYTES_MAX} bytes")
            });
        }
        self.attributes[usize::from(dimension)] = Some(text);
    }

    fn set_known_field(&mut self, known: KnownField, value: &Scalar<'_>) -> Result<(), String> {
        if let (Some(texts), Some(place)) =
            (&mut self.label_texts, Self::NAMED_FIELDS.iter().position(|named| *named == known))
        {
            texts[place] = Some(parse_text(value)?.into());
        }
        match known {
            KnownField::Customer => {
                let mut hasher = SipHasher13::new_with_key(&self.keys.customer);
                hasher.write(parse_text(value)?.as_bytes());
                self.detail.customer =
                    Some(CustomerKey(NonZeroU64::new(hasher.finish()).unwrap_or(NonZeroU64::MIN)));
            }
            KnownField::Topic => self.detail.topic = Some(Symbol::from_text(&parse_text(value)?)),
            KnownField::Due => {
                self.detail.due = PackedTimestamp::new(Timestamp::parse(&parse_text(value)?)?)
            }
            KnownField::Appointment => {
                self.detail.appointment =
                    PackedTimestamp::new(Timestamp::parse(&parse_text(value)?)?)
            }
            KnownField::Wait => self.detail.wait = Some(parse_seconds(value)?),
            KnownField::Talk => self.detail.talk = Some(parse_seconds(value)?),
            KnownField::Hold => self.detail.hold = Some(parse_seconds(value)?),
            KnownField::Wrapup => self.detail.wrapup = Some(parse_seconds(value)?),
            KnownField::Owner => self.detail.owner = Some(Symbol::from_text(&parse_text(value)?)),
            KnownField::Liable => self.detail.liable = Some(Symbol::from_text(&parse_text(value)?)),
            KnownField::Reason => self.labels[0] = Some(Symbol::from_text(&parse_text(value)?)),
            KnownField::To => self.labels[1] = Some(Symbol::from_text(&parse_text(value)?)),
            KnownField::Level => self.labels[2] = Some(Symbol::from_text(&parse_text(value)?)),
            KnownField::Resolved => {
                self.labels[3] =
                    Some(Symbol::from_text(if parse_bool(value)? { "true" } else { "false" }))
            }
            KnownField::Satisfied => {
                self.labels[4] =
                    Some(Symbol::from_text(if parse_bool(value)? { "true" } else { "false" }))
            }
            KnownField::Score => self.score = Some(parse_number(value)?),
            KnownField::Scale => self.scale = Some(parse_number(value)?),
            KnownField::State => {
                self.detail.agent_state = Some(parse_agent_state(&parse_text(value)?)?)
            }
        }
        Ok(())
    }

    /// The detail of an event with this verb.
    pub(super) fn take_detail(&mut self, verb: EventVerb) -> Result<EventDetail, String> {
        if let Some(problem) = self.problem.take() {
            return Err(problem);
        }
        if let Some(score) = self.score {
            let scale = self.scale.unwrap_or(5.0);
            if !(scale > 1.0 && (1.0..=scale).contains(&score)) {
                return Err(format!(
                    "`score` {score} does not lie between 1 and its `scale` {scale}"
                ));
            }
            // Brought to five answers, so that surveys with other scales can be counted together.
            self.detail.answer =
                NonZeroU8::new(((score - 1.0) / (scale - 1.0) * 4.0).round() as u8 + 1);
        }
        if let Some(name) = verb.label_field() {
            self.detail.label = LABEL_FIELDS
                .iter()
                .position(|word| word.name() == name)
                .and_then(|place| self.labels[place]);
        }
        Ok(self.detail)
    }
}

/// Whether a word looks like a telephone number: a call can be transferred to one, and it is nobody's business here.
fn is_phone_number(text: &str) -> bool {
    let digits = text.bytes().filter(u8::is_ascii_digit).count();
    digits >= 7 && text.bytes().all(|byte| byte.is_ascii_digit() || b"+-() ./".contains(&byte))
}

fn parse_text<'v>(value: &'v Scalar<'_>) -> Result<Cow<'v, str>, String> {
    match value {
        Scalar::Text(text) => Ok(Cow::Borrowed(text)),
        Scalar::Number(number) => Ok(Cow::Owned(number.to_string())),
        Scalar::Bool(_) => Err("must be a text".to_owned()),
    }
}

fn parse_number(value: &Scalar<'_>) -> Result<f64, String> {
    match value {
        Scalar::Number(number) if number.is_finite() => Ok(*number),
        Scalar::Text(text) => {
            let number = text.trim().parse().ok().filter(|number: &f64| number.is_finite());
            number.ok_or_else(|| format!("must be a number, not `{}`", truncate_for_message(text)))
        }
        _ => Err("must be a number".to_owned()),
    }
}

/// Seconds as milliseconds; nobody waits or talks for weeks.
fn parse_seconds(value: &Scalar<'_>) -> Result<PackedMillis, String> {
    let seconds = parse_number(value)?;
    let millis = (seconds * 1_000.0).round();
    let fits = (0.0..=PackedMillis::MAX_MS as f64).contains(&millis);
    let millis = if fits { PackedMillis::new(millis as i64) } else { None };
    millis.ok_or_else(|| {
        format!(
            "must be a number of seconds from 0 to {}, not {seconds}",
            PackedMillis::MAX_MS / 1_000
        )
    })
}

fn parse_bool(value: &Scalar<'_>) -> Result<bool, String> {
    match value {
        Scalar::Bool(yes) => Ok(*yes),
        Scalar::Text(text) if text == "true" => Ok(true),
        Scalar::Text(text) if text == "false" => Ok(false),
        _ => Err("must be true or false".to_owned()),
    }
}

fn parse_agent_state(text: &str) -> Result<AgentState, String> {
    let state = AgentState::NAMES.iter().find(|(name, _)| *name == text).map(|(_, state)| *state);
    state.ok_or_else(|| {
        format!(
            "must be ready, talking, wrapup, pause or offline, not `{}`",
            truncate_for_message(text)
        )
    })
}

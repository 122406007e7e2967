//! Known fields of an event's `data` and the checks of their values.

use super::dropped_field::{DroppedField, is_misspelling};
use super::field_values::{parse_agent_state, parse_flag, parse_number, parse_seconds, parse_text};
use super::raw_event::Scalar;
use super::series_value::SeriesValueFields;
use crate::domain::events::batch::BatchNames;
use crate::domain::events::event::{CustomerKey, EventDetail, EventVerb, PackedTimestamp, Symbol};
use crate::domain::standard::EventSchema;
use crate::domain::standard::score_scale::ScoreScale;
use crate::domain::time::timestamp::Timestamp;
use crate::ingest::decode::HashKeys;
use siphasher::sip::SipHasher13;
use std::borrow::Cow;
use std::hash::Hasher;
use std::num::{NonZeroU8, NonZeroU64};

/// Text of an event, borrowed if possible.
pub(super) type EventText<'a> = Cow<'a, str>;

/// Maximum length of a dimension's value, in bytes. The value becomes a label.
pub(super) const DIMENSION_BYTES_MAX: usize = 200;

/// A known field: a dimension, a field of the event reference, or both.
#[derive(Clone, Copy, Debug)]
pub(super) struct DataField {
    dimension: Option<u8>,
    known: Option<KnownField>,
    /// True if the name is likely meant for the dimension but differs from it.
    misspelt: bool,
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
    Reached,
    Leg,
    Question,
    Name,
    Period,
    Value,
}

/// Returns the names of all fields of `data` that have a meaning of their own in every event. The
/// fields of `benchmark.reported` have none in others.
#[must_use]
pub fn data_field_names() -> [&'static str; 21] {
    KnownField::ALL.map(KnownField::name)
}

/// Fields that [`EventVerb::label_field`] names.
const LABEL_FIELDS: [KnownField; 7] = [
    KnownField::Reason,
    KnownField::To,
    KnownField::Level,
    KnownField::Resolved,
    KnownField::Satisfied,
    KnownField::Reached,
    KnownField::Question,
];

impl KnownField {
    /// Every field of [`data_field_names`], for the event reference.
    const ALL: [KnownField; 21] = [
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
        KnownField::Reached,
        KnownField::Leg,
        KnownField::Question,
    ];

    /// Returns the field with this name. Dimensions are defined by the standard and not included.
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
            "reached" => KnownField::Reached,
            "leg" => KnownField::Leg,
            "question" => KnownField::Question,
            "name" => KnownField::Name,
            "period" => KnownField::Period,
            "value" => KnownField::Value,
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
            KnownField::Reached => "reached",
            KnownField::Leg => "leg",
            KnownField::Question => "question",
            KnownField::Name => "name",
            KnownField::Period => "period",
            KnownField::Value => "value",
        }
    }
}

/// Values of an event's `data`.
pub(super) struct DecodedFields<'a, 's> {
    schema: &'s EventSchema,
    keys: &'s HashKeys,
    /// Values of the dimensions, in the order of the schema.
    pub(super) attributes: [Option<EventText<'a>>; EventSchema::MAX_DIMENSIONS],
    detail: EventDetail,
    score: Option<f64>,
    scale: Option<f64>,
    /// Fields of a value of an outside series. Boxed, since hardly any event has them.
    series_value: Option<Box<SeriesValueFields>>,
    /// Values of [`LABEL_FIELDS`], in their order.
    labels: [Option<Symbol>; LABEL_FIELDS.len()],
    /// Texts of [`DecodedFields::NAMED_FIELDS`], in their order. `None` if texts are not recorded.
    label_texts: Option<[Option<Box<str>>; 5]>,
    /// Optional fields that the event is taken without. Nearly always empty.
    dropped: Vec<DroppedField>,
    /// True if a name is likely meant for a dimension. The readers do not keep names.
    has_misspelt: bool,
    /// Problem of a field without which the event means nothing.
    problem: Option<String>,
}

impl<'a, 's> DecodedFields<'a, 's> {
    #[inline]
    pub(super) fn new(
        schema: &'s EventSchema,
        keys: &'s HashKeys,
        with_names: bool,
    ) -> DecodedFields<'a, 's> {
        DecodedFields {
            schema,
            keys,
            attributes: [const { None }; EventSchema::MAX_DIMENSIONS],
            detail: EventDetail::default(),
            score: None,
            scale: None,
            series_value: None,
            labels: [None; LABEL_FIELDS.len()],
            label_texts: with_names.then(Default::default),
            dropped: Vec::new(),
            has_misspelt: false,
            problem: None,
        }
    }

    /// Fields whose label texts may be shown to users. None of them identifies a person.
    const NAMED_FIELDS: [KnownField; 5] = [
        KnownField::Reason,
        KnownField::To,
        KnownField::Level,
        KnownField::Liable,
        KnownField::Question,
    ];

    /// Returns true if label texts are recorded.
    pub(super) fn has_label_texts(&self) -> bool {
        self.label_texts.is_some()
    }

    /// Adds the label texts of an event with this verb to `names`. Phone numbers are left out.
    pub(super) fn push_label_names(&self, verb: EventVerb, names: &mut BatchNames) {
        for (known, text) in Self::NAMED_FIELDS.iter().zip(self.label_texts.iter().flatten()) {
            let used = *known == KnownField::Liable || verb.label_field() == Some(known.name());
            if let Some(text) = text.as_deref().filter(|text| used && !is_phone_number(text)) {
                names.insert_symbol_text(Symbol::from_text(text), text);
            }
        }
    }

    /// Returns the field with this name, or `None` if it has no meaning.
    pub(super) fn find_field(&self, name: &str) -> Option<DataField> {
        let dimensions = &self.schema.dimensions;
        let dimension = dimensions.iter().position(|dimension| dimension == name);
        let known = KnownField::from_name(name);
        match (dimension, known) {
            // A dimension may have the name of a known field, for example `topic`.
            (Some(index), _) => {
                Some(DataField { dimension: Some(index as u8), known, misspelt: false })
            }
            (None, Some(_)) => Some(DataField { dimension: None, known, misspelt: false }),
            (None, None) => {
                dimensions.iter().position(|dimension| is_misspelling(name, dimension)).map(
                    |index| DataField { dimension: Some(index as u8), known: None, misspelt: true },
                )
            }
        }
    }

    #[cold]
    fn drop_field(&mut self, name: &str, reason: &str) {
        self.dropped.push(DroppedField::unusable(name, reason));
    }

    /// Sets the value of a field of a JSON event. An empty text counts as missing, as `null` does.
    #[inline]
    pub(super) fn set_json_field(&mut self, field: DataField, value: Scalar<'a>) {
        match &value {
            Scalar::Text(text) if is_blank(text) => {}
            _ => self.set_field(field, value),
        }
    }

    /// Sets the value of a field, without white space around a text. An empty text is a value: a
    /// mapping may ask for one by `keep_empty`.
    pub(super) fn set_field(&mut self, field: DataField, mut value: Scalar<'a>) {
        if let Scalar::Text(text) = &mut value
            && !has_visible_ends(text.as_bytes())
        {
            trim_text(text);
        }
        if let Some(known) = field.known
            && let Err(reason) = self.set_known_field(known, &value)
        {
            self.refuse_value(known, &reason);
        }
        let Some(dimension) = field.dimension else { return };
        if field.misspelt {
            self.has_misspelt = true;
            return;
        }
        let text = value.into_text();
        if text.len() > DIMENSION_BYTES_MAX {
            let name = &self.schema.dimensions[usize::from(dimension)];
            return self.drop_field(name, &format!("longer than {DIMENSION_BYTES_MAX} bytes"));
        }
        self.attributes[usize::from(dimension)] = Some(text);
    }

    /// Drops a value that cannot be used. Only a change to an unknown state means nothing.
    #[cold]
    fn refuse_value(&mut self, known: KnownField, reason: &str) {
        match known {
            KnownField::State => {
                self.problem.get_or_insert_with(|| format!("`state` {reason}"));
                return;
            }
            KnownField::Due => self.detail.due = Some(PackedTimestamp::UNREADABLE),
            KnownField::Appointment => {
                self.detail.appointment = Some(PackedTimestamp::UNREADABLE);
            }
            _ => {}
        }
        self.drop_field(known.name(), reason);
    }

    /// Drops the value of a field that is a list or an object.
    #[cold]
    pub(super) fn drop_nested_value(&mut self, field: DataField) {
        let reason = "must be a single value, not a list or an object";
        match (field.known, field.dimension) {
            (Some(known), _) => self.refuse_value(known, reason),
            (None, Some(_)) if field.misspelt => self.has_misspelt = true,
            (None, Some(dimension)) => {
                self.drop_field(&self.schema.dimensions[usize::from(dimension)], reason);
            }
            (None, None) => {}
        }
    }

    fn set_known_field(&mut self, known: KnownField, value: &Scalar<'_>) -> Result<(), String> {
        if let (Some(texts), Some(index)) =
            (&mut self.label_texts, Self::NAMED_FIELDS.iter().position(|field| *field == known))
        {
            texts[index] = Some(parse_text(value)?.into());
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
                self.detail.due = PackedTimestamp::new(Timestamp::parse(&parse_text(value)?)?);
            }
            KnownField::Appointment => {
                self.detail.appointment =
                    PackedTimestamp::new(Timestamp::parse(&parse_text(value)?)?);
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
            KnownField::Resolved => self.labels[3] = Some(parse_flag(value)?),
            KnownField::Satisfied => self.labels[4] = Some(parse_flag(value)?),
            KnownField::Reached => self.labels[5] = Some(parse_flag(value)?),
            KnownField::Question => self.labels[6] = Some(Symbol::from_text(&parse_text(value)?)),
            KnownField::Leg => self.detail.leg = Some(Symbol::from_text(&parse_text(value)?)),
            KnownField::Name | KnownField::Period | KnownField::Value
                if self.schema.benchmarks.is_empty() => {}
            KnownField::Name => self.series_value.get_or_insert_default().set_name(value),
            KnownField::Period => self.series_value.get_or_insert_default().set_period(value),
            KnownField::Value => self.series_value.get_or_insert_default().set_value(value),
            KnownField::Score => self.score = Some(parse_number(value)?),
            KnownField::Scale => self.scale = Some(parse_number(value)?),
            KnownField::State => {
                self.detail.agent_state = Some(parse_agent_state(&parse_text(value)?)?);
            }
        }
        Ok(())
    }

    /// Returns the fields that the event is taken without. `names` are the names in its `data`.
    #[inline]
    pub(super) fn take_dropped_fields<N: AsRef<str>, L: Iterator<Item = N>>(
        &mut self,
        names: impl FnOnce() -> L,
    ) -> Vec<DroppedField> {
        let mut dropped = std::mem::take(&mut self.dropped);
        if self.has_misspelt {
            dropped.extend(names().filter_map(|name| self.misspelt_field(name.as_ref())));
        }
        dropped
    }

    /// Returns the field with this name as dropped if the name is likely meant for a dimension.
    #[cold]
    fn misspelt_field(&self, name: &str) -> Option<DroppedField> {
        let field = self.find_field(name).filter(|field| field.misspelt)?;
        let dimension = &self.schema.dimensions[usize::from(field.dimension?)];
        Some(DroppedField::misspelt(name, dimension))
    }

    /// Returns the detail of an event with this verb.
    ///
    /// # Errors
    /// Returns the problem of a field without which the event means nothing.
    pub(super) fn take_detail(&mut self, verb: EventVerb) -> Result<EventDetail, String> {
        if let Some(problem) = self.problem.take() {
            return Err(problem);
        }
        if verb == EventVerb::Reported {
            return self.series_value.take().unwrap_or_default().take_detail(self.schema);
        }
        if let Some(score) = self.score {
            match self.parse_answer(score) {
                Ok(answer) => self.detail.answer = Some(answer),
                Err(reason) => self.drop_field("score", &reason),
            }
        }
        if let Some(name) = verb.label_field() {
            self.detail.label = LABEL_FIELDS
                .iter()
                .position(|field| field.name() == name)
                .and_then(|index| self.labels[index]);
        }
        Ok(self.detail)
    }

    /// Converts a score to an answer. The scale is that of the standard. An event may name another
    /// best score.
    fn parse_answer(&self, score: f64) -> Result<NonZeroU8, String> {
        let declared = self.schema.score_scale;
        let scale = declared.unwrap_or(ScoreScale::DEFAULT);
        let scale = ScoreScale { to: self.scale.unwrap_or(scale.to), ..scale };
        // A scale whose beginning nobody declared may begin at 0. A score below 1 shows that.
        let from_zero = ScoreScale { from: 0.0, ..scale };
        let open_beginning = declared.is_none() && self.scale.is_some_and(|best| best > 1.0);
        let answer = scale.answer(score).or_else(|| {
            if open_beginning && score < scale.from { from_zero.answer(score) } else { None }
        });
        answer.ok_or_else(|| {
            if scale.from < scale.to {
                format!("{score} is not on the scale {scale}")
            } else {
                format!("`scale` must be above {}, not {}", scale.from, scale.to)
            }
        })
    }
}

/// Removes white space around a text.
#[cold]
fn trim_text(text: &mut EventText<'_>) {
    match text {
        Cow::Borrowed(borrowed) => *borrowed = borrowed.trim(),
        Cow::Owned(owned) => *owned = owned.trim().to_owned(),
    }
}

/// Returns true if a text has nothing but white space.
#[inline]
fn is_blank(text: &str) -> bool {
    let begins_visibly = text.as_bytes().first().is_some_and(u8::is_ascii_graphic);
    !begins_visibly && text.trim().is_empty()
}

/// Returns true if a text begins and ends with visible ASCII characters, as most do. Such a text
/// has no white space around it.
fn has_visible_ends(text: &[u8]) -> bool {
    let is_visible = |byte: Option<&u8>| byte.is_some_and(u8::is_ascii_graphic);
    is_visible(text.first()) && is_visible(text.last())
}

/// Returns true if a text looks like a phone number. Calls can be transferred to private numbers,
/// which must not be shown.
fn is_phone_number(text: &str) -> bool {
    let digits = text.bytes().filter(u8::is_ascii_digit).count();
    digits >= 7 && text.bytes().all(|byte| byte.is_ascii_digit() || b"+-() ./".contains(&byte))
}

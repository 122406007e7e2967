//! Groups of cases with the same attributes.
//!
//! The numbers of groups depend on the order of arrival; nothing that leaves the core may.

use crate::domain::events::batch::Batch;
use crate::domain::events::event::Attributes;
use crate::domain::standard::Standard;
use hashbrown::HashTable;
use serde::Serialize;
use std::cmp::Ordering;
use std::sync::Arc;

/// The most groups there can be. Cases with still other attributes count as cases without any.
pub const GROUPS_MAX: usize = 65_536;

/// A group of cases.
#[derive(Clone, Debug)]
pub struct CaseGroup {
    /// What the cases have in common.
    pub attributes: Attributes,
    /// For each commitment and each of its terms, in their order, which choices of a deadline its cases have: a bit each.
    pub choices: Vec<u32>,
    /// In which of the standard's time zones the cases live.
    pub zone: u8,
}

/// What was joined: two groups, and the dimensions of which the second's values hold.
type GroupJoin = (u32, u32, u16);

/// A hash of what is joined; the multiplier is odd and has no pattern, so that the product's high bits depend on all bits.
fn join_hash((first, second, changing): GroupJoin) -> u64 {
    ((u64::from(first) << 32 | u64::from(second)) ^ u64::from(changing).rotate_left(24))
        .wrapping_mul(0x9E37_79B9_7F4A_7C15)
}

/// Attributes with these values.
fn build_attributes(values: impl Iterator<Item = Option<Box<str>>>) -> Attributes {
    let values: Arc<[Option<Box<str>>]> = values.collect();
    Attributes::new(Attributes::hash_values(values.iter().map(Option::as_deref)), values)
}

/// All groups seen.
#[derive(Debug, Default)]
pub struct CaseGroups {
    all: Vec<CaseGroup>,
    by_attributes: HashTable<u32>,
    /// What was joined before, with the result.
    joined: HashTable<(GroupJoin, u32)>,
}

impl CaseGroups {
    /// The attributes of all groups, to be written down: all else follows from them and the standard, in their order.
    pub fn snapshot(&self) -> impl Serialize + '_ {
        self.all.iter().map(|group| &group.attributes).collect::<Vec<_>>()
    }

    /// The groups of which this was written down.
    ///
    /// # Errors
    /// What is wrong with them, if they are none of this standard's.
    pub fn restore(
        attributes: &[Attributes],
        standard: &Standard,
    ) -> Result<CaseGroups, &'static str> {
        let mut groups = CaseGroups::default();
        for (number, attributes) in (0..).zip(attributes) {
            if attributes.values().len() != standard.schema.dimensions.len()
                || groups.intern(attributes, standard) != number
            {
                return Err("a group of cases is none of this standard's");
            }
        }
        Ok(groups)
    }

    /// The group of these attributes.
    pub fn intern(&mut self, attributes: &Attributes, standard: &Standard) -> u32 {
        let all = &self.all;
        if let Some(number) = self
            .by_attributes
            .find(attributes.hash(), |number| all[*number as usize].attributes == *attributes)
        {
            return *number;
        }
        if self.all.len() >= GROUPS_MAX && attributes.values().iter().any(Option::is_some) {
            return self
                .intern(&build_attributes(attributes.values().iter().map(|_| None)), standard);
        }
        let number = self.all.len() as u32;
        let choices = standard
            .commitments
            .iter()
            .flat_map(|commitment| &commitment.terms)
            .map(|terms| terms.matching_choices(attributes))
            .collect();
        // There are at most 64 zones, so the number fits.
        let zone = standard.zones.zone_number(attributes.values()) as u8;
        self.all.push(CaseGroup { attributes: attributes.clone(), choices, zone });
        let all = &self.all;
        self.by_attributes.insert_unique(attributes.hash(), number, |number| {
            all[*number as usize].attributes.hash()
        });
        number
    }

    /// The groups of a batch, by the batch's own numbers.
    pub fn intern_batch(&mut self, batch: &Batch, standard: &Standard) -> Vec<u32> {
        batch.groups.iter().map(|attributes| self.intern(attributes, standard)).collect()
    }

    /// The group that has the attributes of `first`, and those of `second` where `first` has none. Of the dimensions of
    /// `changing`, a bit each, the value of `second` holds if it has one.
    pub fn join_groups(
        &mut self,
        first: u32,
        second: u32,
        changing: u16,
        standard: &Standard,
    ) -> u32 {
        let join = (first, second, changing);
        if let Some((_, number)) = self.joined.find(join_hash(join), |(known, _)| *known == join) {
            return *number;
        }
        let pairs = self.all[first as usize]
            .attributes
            .values()
            .iter()
            .zip(self.all[second as usize].attributes.values());
        let attributes = build_attributes(pairs.enumerate().map(|(dimension, (one, other))| {
            let (one, other) =
                if changing & (1 << dimension) != 0 { (other, one) } else { (one, other) };
            one.clone().or_else(|| other.clone())
        }));
        let number = self.intern(&attributes, standard);
        self.joined.insert_unique(join_hash(join), (join, number), |(known, _)| join_hash(*known));
        number
    }

    /// The order of two groups by their attributes.
    #[must_use]
    pub fn compare_attributes(&self, one: u32, other: u32) -> Ordering {
        self.all[one as usize].attributes.values().cmp(self.all[other as usize].attributes.values())
    }

    /// A group by its number.
    #[must_use]
    pub fn get(&self, number: u32) -> &CaseGroup {
        &self.all[number as usize]
    }

    /// How many groups there are.
    #[must_use]
    pub fn count(&self) -> usize {
        self.all.len()
    }

    /// The groups from this number on.
    #[must_use]
    pub fn groups_since(&self, number: usize) -> &[CaseGroup] {
        &self.all[number..]
    }
}

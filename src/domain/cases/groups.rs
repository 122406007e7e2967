//! Groups of cases with the same attributes.
//!
//! Group numbers depend on the order of arrival. No output may depend on them.

use crate::domain::events::batch::Batch;
use crate::domain::events::event::Attributes;
use crate::domain::standard::Standard;
use hashbrown::HashTable;
use serde::Serialize;
use std::cmp::Ordering;
use std::sync::Arc;

/// Maximum number of groups. Cases with further combinations count as cases without attributes.
pub const GROUPS_MAX: usize = 65_536;

/// Cases with the same attributes.
#[derive(Clone, Debug)]
pub struct CaseGroup {
    /// Attributes that the cases share.
    pub attributes: Attributes,
    /// Matching choices of each term of each commitment, as a bit set per term.
    pub choices: Vec<u32>,
    /// Number of the cases' time zone in the standard.
    pub zone: u8,
}

/// Key of a join: two groups, and the bit set of dimensions in which the second takes precedence.
type GroupJoin = (u32, u32, u16);

/// Returns a hash of a join. The odd multiplier spreads all bits into the high bits.
fn join_hash((first, second, changing): GroupJoin) -> u64 {
    ((u64::from(first) << 32 | u64::from(second)) ^ u64::from(changing).rotate_left(24))
        .wrapping_mul(0x9E37_79B9_7F4A_7C15)
}

/// Returns attributes with these values.
fn build_attributes(values: impl Iterator<Item = Option<Box<str>>>) -> Attributes {
    let values: Arc<[Option<Box<str>>]> = values.collect();
    Attributes::new(Attributes::hash_values(values.iter().map(Option::as_deref)), values)
}

/// All groups seen so far.
#[derive(Debug, Default)]
pub struct CaseGroups {
    all: Vec<CaseGroup>,
    by_attributes: HashTable<u32>,
    /// Results of earlier joins.
    joined: HashTable<(GroupJoin, u32)>,
}

impl CaseGroups {
    /// Returns the attributes of all groups for a snapshot. The rest follows from them and the
    /// standard.
    pub fn snapshot(&self) -> impl Serialize + '_ {
        self.all.iter().map(|group| &group.attributes).collect::<Vec<_>>()
    }

    /// Restores the groups of a snapshot.
    ///
    /// # Errors
    /// Returns a message if the groups do not fit this standard.
    pub fn restore(
        attributes: &[Attributes],
        standard: &Standard,
    ) -> Result<CaseGroups, &'static str> {
        let mut groups = CaseGroups::default();
        for (number, attributes) in (0..).zip(attributes) {
            if attributes.values().len() != standard.schema.dimensions.len()
                || groups.intern(attributes, standard) != number
            {
                return Err("snapshot has a group of cases that does not fit the standard");
            }
        }
        Ok(groups)
    }

    /// Returns the number of the group with these attributes, and creates the group if needed.
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
        // The standard limits zones to 64, so that the number fits.
        let zone = standard.zones.zone_number(attributes.values()) as u8;
        self.all.push(CaseGroup { attributes: attributes.clone(), choices, zone });
        let all = &self.all;
        self.by_attributes.insert_unique(attributes.hash(), number, |number| {
            all[*number as usize].attributes.hash()
        });
        number
    }

    /// Returns the numbers of a batch's groups, indexed by the batch's own numbers.
    pub fn intern_batch(&mut self, batch: &Batch, standard: &Standard) -> Vec<u32> {
        batch.groups.iter().map(|attributes| self.intern(attributes, standard)).collect()
    }

    /// Returns the group that combines the attributes of `first` and `second`.
    ///
    /// The value of `first` takes precedence. In the dimensions of the bit set `changing`, the
    /// value of `second` does.
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

    /// Compares two groups by their attributes.
    #[must_use]
    pub fn compare_attributes(&self, one: u32, other: u32) -> Ordering {
        self.all[one as usize].attributes.values().cmp(self.all[other as usize].attributes.values())
    }

    /// Returns a group by its number.
    ///
    /// # Panics
    /// Panics if there is no group with this number.
    #[must_use]
    pub fn get(&self, number: u32) -> &CaseGroup {
        &self.all[number as usize]
    }

    /// Returns the number of groups.
    #[must_use]
    pub fn count(&self) -> usize {
        self.all.len()
    }

    /// Returns the groups from this number on.
    #[must_use]
    pub fn groups_since(&self, number: usize) -> &[CaseGroup] {
        &self.all[number..]
    }
}

//! Groups of cases with the same attributes.
//!
//! Group numbers depend on the order of arrival. No output may depend on them.

use crate::domain::events::batch::Batch;
use crate::domain::events::event::Attributes;
use crate::domain::standard::Standard;
use hashbrown::HashTable;
use serde::{Deserialize, Serialize};
use std::cmp::Ordering;
use std::sync::Arc;

/// Maximum number of groups. Cases with further combinations count as cases without attributes.
pub const GROUPS_MAX: usize = 65_536;

/// Scopes in which the facts of a group count.
///
/// A *leg scope* has one of the standard's `leg_dimensions`. All others are *contact scopes*.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub enum ScopeReach {
    /// All scopes.
    #[default]
    AllScopes,
    /// Contact scopes only. The legs of the contact count in the others.
    ContactScopes,
    /// Leg scopes only. The contact of the leg counts in the others.
    LegScopes,
}

impl ScopeReach {
    /// Returns true if facts with this reach count in a scope with these dimensions.
    #[must_use]
    pub fn includes_scope(self, dimensions: &[usize], standard: &Standard) -> bool {
        match self {
            ScopeReach::AllScopes => true,
            ScopeReach::ContactScopes => !standard.schema.is_leg_scope(dimensions),
            ScopeReach::LegScopes => standard.schema.is_leg_scope(dimensions),
        }
    }
}

/// Cases with the same attributes, whose facts count in the same scopes.
#[derive(Clone, Debug)]
pub struct CaseGroup {
    /// Attributes that the cases share.
    pub attributes: Attributes,
    /// Scopes in which their facts count.
    pub reach: ScopeReach,
    /// Matching choices of each term of each commitment, as a bit set per term.
    pub choices: Vec<u32>,
    /// Number of the cases' time zone in the standard.
    pub zone: u8,
}

/// Attributes of two groups to be combined.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct GroupJoin {
    first: u32,
    second: u32,
    /// Dimensions in which the second takes precedence, as a bit set.
    changing: u16,
    /// Dimensions that are never taken from the second, as a bit set.
    kept: u16,
    reach: ScopeReach,
}

impl GroupJoin {
    /// Returns a hash of the join. The odd multiplier spreads all bits into the high bits.
    fn hash(&self) -> u64 {
        let masks = u64::from(self.changing) << 18 | u64::from(self.kept) << 2 | self.reach as u64;
        ((u64::from(self.first) << 32 | u64::from(self.second)) ^ masks.rotate_left(24))
            .wrapping_mul(0x9E37_79B9_7F4A_7C15)
    }
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

/// Hash of a group by which it is found.
fn group_hash(attributes: &Attributes, reach: ScopeReach) -> u64 {
    attributes.hash().wrapping_add(reach as u64)
}

impl CaseGroups {
    /// Returns attributes and reach of all groups for a snapshot. The rest follows from them and
    /// the standard.
    pub fn snapshot(&self) -> impl Serialize + '_ {
        self.all.iter().map(|group| (&group.attributes, group.reach)).collect::<Vec<_>>()
    }

    /// Restores the groups of a snapshot.
    ///
    /// # Errors
    /// Returns a message if the groups do not fit this standard.
    pub fn restore(
        stored: &[(Attributes, ScopeReach)],
        standard: &Standard,
    ) -> Result<CaseGroups, &'static str> {
        let mut groups = CaseGroups::default();
        for (number, (attributes, reach)) in (0..).zip(stored) {
            if attributes.values().len() != standard.schema.dimensions.len()
                || groups.intern_with_reach(attributes, *reach, standard) != number
            {
                return Err("snapshot has a group of cases that does not fit the standard");
            }
        }
        Ok(groups)
    }

    /// Returns the number of the group with these attributes whose facts count in all scopes, and
    /// creates the group if needed.
    pub fn intern(&mut self, attributes: &Attributes, standard: &Standard) -> u32 {
        self.intern_with_reach(attributes, ScopeReach::AllScopes, standard)
    }

    fn intern_with_reach(
        &mut self,
        attributes: &Attributes,
        reach: ScopeReach,
        standard: &Standard,
    ) -> u32 {
        let all = &self.all;
        if let Some(number) = self.by_attributes.find(group_hash(attributes, reach), |number| {
            let known = &all[*number as usize];
            known.reach == reach && known.attributes == *attributes
        }) {
            return *number;
        }
        if self.all.len() >= GROUPS_MAX && attributes.values().iter().any(Option::is_some) {
            let none = build_attributes(attributes.values().iter().map(|_| None));
            return self.intern_with_reach(&none, reach, standard);
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
        self.all.push(CaseGroup { attributes: attributes.clone(), reach, choices, zone });
        let all = &self.all;
        self.by_attributes.insert_unique(group_hash(attributes, reach), number, |number| {
            let known = &all[*number as usize];
            group_hash(&known.attributes, known.reach)
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
        let reach = ScopeReach::AllScopes;
        self.join(GroupJoin { first, second, changing, kept: 0, reach }, standard)
    }

    /// Returns the group with the attributes of `group` and, where it has no value, those of
    /// `from`. In the dimensions of the bit set `kept`, `group` keeps its value or has none.
    pub fn inherit_attributes(
        &mut self,
        group: u32,
        from: u32,
        kept: u16,
        changing: u16,
        standard: &Standard,
    ) -> u32 {
        let reach = ScopeReach::AllScopes;
        self.join(GroupJoin { first: group, second: from, changing, kept, reach }, standard)
    }

    /// Returns the group with the attributes of `group` whose facts have this reach.
    pub fn with_reach(&mut self, group: u32, reach: ScopeReach, standard: &Standard) -> u32 {
        let kept = u16::MAX;
        self.join(GroupJoin { first: group, second: group, changing: 0, kept, reach }, standard)
    }

    fn join(&mut self, join: GroupJoin, standard: &Standard) -> u32 {
        if let Some((_, number)) = self.joined.find(join.hash(), |(known, _)| *known == join) {
            return *number;
        }
        let GroupJoin { first, second, changing, kept, reach } = join;
        let pairs = self.all[first as usize]
            .attributes
            .values()
            .iter()
            .zip(self.all[second as usize].attributes.values());
        let attributes = build_attributes(pairs.enumerate().map(|(dimension, (one, other))| {
            let has = |set: u16| set & (1 << dimension) != 0;
            match (one, other) {
                (one, _) if has(kept) => one.clone(),
                (Some(one), other) if !has(changing) || other.is_none() => Some(one.clone()),
                (_, other) => other.clone(),
            }
        }));
        let number = self.intern_with_reach(&attributes, reach, standard);
        self.joined.insert_unique(join.hash(), (join, number), |(known, _)| known.hash());
        number
    }

    /// Returns true if a group has a value of a dimension.
    #[must_use]
    pub fn has_value(&self, group: u32, dimension: usize) -> bool {
        self.all[group as usize].attributes.values()[dimension].is_some()
    }

    /// Returns true if two groups have the same value of a dimension, or one of them has none.
    #[must_use]
    pub fn agree_on_value(&self, one: u32, other: u32, dimension: usize) -> bool {
        one == other
            || !self.has_value(one, dimension)
            || !self.has_value(other, dimension)
            || self.has_same_value(one, other, dimension)
    }

    /// Returns true if two groups have the same value of a dimension, or both have none.
    #[must_use]
    pub fn has_same_value(&self, one: u32, other: u32, dimension: usize) -> bool {
        let value = |group: u32| &self.all[group as usize].attributes.values()[dimension];
        one == other || value(one) == value(other)
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

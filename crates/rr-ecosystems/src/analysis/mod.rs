//! The analysis as a whole: units ranked, facts gathered, plans merged.

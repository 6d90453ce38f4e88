//! Test reports: from what runners write to outcomes, one by one.

//! What models cost, and what they may cost: limits of a run, of a user's day, and of a tier's day.
//!
//! A call is admitted by what it may cost at most and booked by what it did cost. Must not know
//! providers or prices.

use std::sync::{Arc, Mutex, PoisonError};

use rr_core::{ModelCall, ModelError, ModelErrorKind};

use crate::settings::Spending;

/// What was used.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Spent {
    /// Tokens, sent and received.
    pub tokens: u64,
    /// Millionths of the unit of the prices.
    pub cost_micros: u64,
}

/// Keeps what users spent, across runs.
pub trait UsageBook: Send + Sync {
    /// What a user spent since then (milliseconds since the Unix epoch).
    ///
    /// # Errors
    /// Where the book cannot be read.
    fn spent_since(&self, user: &str, since: u64) -> Result<Spent, String>;

    /// Books a call.
    ///
    /// # Errors
    /// Where the book cannot be written.
    fn book(&self, user: &str, at: u64, call: &ModelCall) -> Result<(), String>;
}

/// The limits that hold for one run, and what it spent.
pub struct Account {
    /// Whose day is counted.
    pub user: String,
    /// Limits of the run.
    pub per_run: Spending,
    /// Limits of the user's day, each with its name in messages.
    pub per_day: Vec<(String, Spending)>,
    book: Option<Arc<dyn UsageBook>>,
    run: Mutex<Spent>,
}

const DAY: u64 = 24 * 3600 * 1000;

impl Account {
    /// An account of this user that only the run limits.
    #[must_use]
    pub fn new(user: &str, per_run: Spending) -> Self {
        let run = Mutex::default();
        Self { user: user.to_owned(), per_run, per_day: Vec::new(), book: None, run }
    }

    /// The same with limits of a day, which this book counts.
    #[must_use]
    pub fn with_days(mut self, per_day: Vec<(String, Spending)>, book: Arc<dyn UsageBook>) -> Self {
        self.per_day = per_day;
        self.book = Some(book);
        self
    }

    /// Says what the run spent before this process took it up.
    pub fn resume(&self, spent: Spent) {
        let mut run = self.run.lock().unwrap_or_else(PoisonError::into_inner);
        run.tokens = run.tokens.max(spent.tokens);
        run.cost_micros = run.cost_micros.max(spent.cost_micros);
    }

    /// What the run spent.
    #[must_use]
    pub fn spent(&self) -> Spent {
        *self.run.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether a call that may cost so much is within every limit.
    ///
    /// # Errors
    /// Of kind budget, naming the limit; or where the book of days cannot be read: what cannot be
    /// counted is not spent.
    pub fn admit(&self, most: Spent, now: u64) -> Result<(), ModelError> {
        within("run", self.per_run, self.spent(), most)?;
        let limited = |limit: &Spending| limit.tokens.is_some() || limit.cost_micros.is_some();
        if let Some(book) = &self.book
            && self.per_day.iter().any(|(_, limit)| limited(limit))
        {
            let spent = book.spent_since(&self.user, now.saturating_sub(DAY)).map_err(|error| {
                ModelError::new(ModelErrorKind::Budget, format!("read the book of usage: {error}"))
            })?;
            for (name, limit) in &self.per_day {
                within(name, *limit, spent, most)?;
            }
        }
        Ok(())
    }

    /// Books what a call did cost.
    ///
    /// # Errors
    /// Where the book cannot be written.
    pub fn book(&self, call: &ModelCall, now: u64) -> Result<(), String> {
        {
            let mut run = self.run.lock().unwrap_or_else(PoisonError::into_inner);
            run.tokens += call.input_tokens + call.output_tokens;
            run.cost_micros += call.cost_micros.unwrap_or(0);
        }
        match &self.book {
            Some(book) if !call.cached => book.book(&self.user, now, call),
            _ => Ok(()),
        }
    }
}

fn within(name: &str, limit: Spending, spent: Spent, most: Spent) -> Result<(), ModelError> {
    let told = |what: &str, limit: String, spent: String| {
        let message = format!("the {name}'s budget of {limit} {what} is spent ({spent} used)");
        Err(ModelError::new(ModelErrorKind::Budget, message))
    };
    match (limit.tokens, limit.cost_micros) {
        (Some(tokens), _) if spent.tokens + most.tokens > tokens => {
            told("tokens", tokens.to_string(), spent.tokens.to_string())
        }
        (_, Some(cost)) if spent.cost_micros + most.cost_micros > cost => {
            told("cost", units(cost), units(spent.cost_micros))
        }
        _ => Ok(()),
    }
}

/// Millionths as people write amounts: `0.0042`.
#[must_use]
pub fn units(micros: u64) -> String {
    let text = format!("{}.{:06}", micros / 1_000_000, micros % 1_000_000);
    let short = text.trim_end_matches('0');
    let decimals = short.len().max(text.find('.').map_or(0, |at| at + 3));
    text[..decimals].to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn call(tokens: u64, cost_micros: u64) -> ModelCall {
        ModelCall {
            purpose: "p".into(),
            provider: "a".into(),
            model: "m".into(),
            attempts: 1,
            input_tokens: tokens,
            output_tokens: 0,
            cost_micros: Some(cost_micros),
            seconds: 0.0,
            cached: false,
            error: None,
        }
    }

    #[derive(Default)]
    struct Pages(Mutex<Vec<(String, u64, Spent)>>);

    impl UsageBook for Pages {
        fn spent_since(&self, user: &str, since: u64) -> Result<Spent, String> {
            let pages = self.0.lock().map_err(|e| e.to_string())?;
            let mut sum = Spent::default();
            for (_, _, spent) in pages.iter().filter(|(who, at, _)| who == user && *at >= since) {
                sum.tokens += spent.tokens;
                sum.cost_micros += spent.cost_micros;
            }
            Ok(sum)
        }

        fn book(&self, user: &str, at: u64, call: &ModelCall) -> Result<(), String> {
            let cost_micros = call.cost_micros.unwrap_or(0);
            let spent = Spent { tokens: call.input_tokens + call.output_tokens, cost_micros };
            self.0.lock().map_err(|e| e.to_string())?.push((user.to_owned(), at, spent));
            Ok(())
        }
    }

    #[test]
    fn a_run_is_held_to_its_tokens_and_its_cost() {
        let limits = Spending { tokens: Some(1000), cost_micros: Some(500) };
        let account = Account::new("me", limits);
        let most = Spent { tokens: 400, cost_micros: 200 };
        assert_eq!(account.admit(most, 0), Ok(()));
        account.book(&call(700, 100), 0).expect("booked");
        let error = account.admit(most, 0).expect_err("tokens");
        assert!(error.message.contains("run's budget of 1000 tokens"), "{error}");
        let account = Account::new("me", Spending { tokens: None, ..limits });
        account.book(&call(700, 400), 0).expect("booked");
        let error = account.admit(most, 0).expect_err("cost");
        assert!(error.message.contains("0.0005 cost"), "{error}");
    }

    #[test]
    fn a_users_day_counts_all_their_runs_and_a_resumed_run_what_it_spent() {
        let book: Arc<dyn UsageBook> = Arc::new(Pages::default());
        let day = Spending { tokens: Some(1000), cost_micros: None };
        let account = |user: &str| {
            Account::new(user, Spending::default())
                .with_days(vec![("user".to_owned(), day)], book.clone())
        };
        account("me").book(&call(900, 0), 1000).expect("booked");
        let most = Spent { tokens: 200, cost_micros: 0 };
        assert!(account("me").admit(most, 2000).is_err());
        assert_eq!(account("you").admit(most, 2000), Ok(()));
        assert_eq!(account("me").admit(most, 1001 + DAY), Ok(()), "a day later");
        let run = Account::new("me", Spending { tokens: Some(100), cost_micros: None });
        run.resume(Spent { tokens: 90, cost_micros: 0 });
        assert!(run.admit(Spent { tokens: 20, cost_micros: 0 }, 0).is_err());
    }

    #[test]
    fn amounts_are_written_as_people_do() {
        let told = [0, 500, 250_000, 1_500_000, 12].map(units);
        assert_eq!(told, ["0.00", "0.0005", "0.25", "1.50", "0.000012"]);
    }
}

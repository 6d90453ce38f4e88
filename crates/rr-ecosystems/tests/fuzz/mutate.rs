//! Breaks texts at random. Everything follows from a case's number.

/// Random numbers that follow from a case's own (SplitMix64).
pub(super) struct Dice(pub(super) u64);

impl Dice {
    pub(super) fn below(&mut self, end: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut word = self.0;
        word = (word ^ (word >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        word = (word ^ (word >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        usize::try_from((word ^ (word >> 31)) % end.max(1) as u64).unwrap()
    }
}

/// A text with one part of it cut, repeated, replaced or nested without end.
pub(super) fn broken_text(dice: &mut Dice, text: &str, other: &str) -> String {
    let (a, b) = (place(dice, text), place(dice, text));
    let (start, end) = (a.min(b), a.max(b));
    let put = |middle: &str| format!("{}{middle}{}", &text[..start], &text[end..]);
    const ODD: &[&str] = &[
        "\0",
        "\u{feff}",
        "é😀",
        "\r",
        "\t",
        "\"",
        "'",
        "${{",
        "${",
        "$(",
        "&a *a",
        "- - - -",
        "#",
        "99999999999999999999",
        "-1",
        "1.2.3.4.5",
        "../../..",
        "/",
        "\\",
        "[",
        "{",
        "null",
        "!!",
        ">=",
        "^",
        "==*",
        "@",
        ":",
        "= ",
        "<<: *b",
        "%",
        "~",
        "true",
        "\n",
        "\u{2028}",
        "{{",
        "[[",
    ];
    match dice.below(7) {
        0 => put(""),
        1 => put(&text[start..end].repeat(3)),
        2 => {
            let (c, d) = (place(dice, other), place(dice, other));
            put(&other[c.min(d)..c.max(d)])
        }
        3 => {
            let open =
                ["[", "{", "(", "{\"a\":", "- ", "<a>", "${a:-", "\"$(", "if (", "a.", "\n "];
            put(&open[dice.below(open.len())].repeat(1 + dice.below(20_000)))
        }
        4 => text[..start].to_owned(),
        _ => put(ODD[dice.below(ODD.len())]),
    }
}

fn place(dice: &mut Dice, text: &str) -> usize {
    let mut at = dice.below(text.len() + 1);
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    at
}

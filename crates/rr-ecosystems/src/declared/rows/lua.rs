//! Lua with LuaRocks and busted.

use rr_core::{CauseClass, StepKind};

use super::super::{Declared, NOTHING, Report, install, range, test};
use crate::rules::{Rule, no_cure, packages};

#[rustfmt::skip]
pub(crate) static LUA: Declared = Declared {
    id: "lua",
    tool: "lua",
    get: "install Lua and LuaRocks, https://luarocks.org",
    manifests: &[(".rockspec", "luarocks"), (".busted", "busted"), (".luacheckrc", "luarocks")],
    sources: &["lua"],
    versions: &[range(".rockspec", r#""lua\s*([>=~][^"]*)""#)],
    frameworks: &[(".rockspec:lapis", "lapis"), ("spec/|.busted", "busted")],
    test_programs: &["busted"],
    env: &[("LUA_PATH", "./?.lua;./?/init.lua;./src/?.lua;./src/?/init.lua;./lib/?.lua;./lib/?/init.lua;./lua/?.lua;./lua/?/init.lua;@{env}/lua/share/lua/5.1/?.lua;@{env}/lua/share/lua/5.1/?/init.lua;@{env}/lua/share/lua/5.4/?.lua;@{env}/lua/share/lua/5.4/?/init.lua;;"), ("LUA_CPATH", "./?.so;@{env}/lua/lib/lua/5.1/?.so;@{env}/lua/lib/lua/5.4/?.so;;")],
    steps: &[
        install(".rockspec", "luarocks install --only-deps --tree \"@{env}/lua\" {}"),
        test("spec/|.busted", "busted --output=junit -Xoutput \"@{reports}/busted.xml\"", "busted", Report::Junit("@{reports}/busted.xml")),
        test("***/test.lua", "lua {}", "lua", Report::Exit),
    ],
    rules: &[
        // `Error: No results matching query were found for Lua 5.1.` `Failed downloading https://luarocks.org/manifest-5.4 - …`
        Rule { id: "lua.registry", pattern: r"(?:Failed downloading|Failed searching manifest: Failed fetching manifest for) (https?://[^/\s]+)", kinds: &[StepKind::Install],
            cause: CauseClass::NeedsNetwork, confidence: 0.9, explanation: "the rock registry {} cannot be reached", cure: no_cure },
        // `module 'lfs' not found:`
        Rule { id: "lua.missing-module", pattern: r"module '([\w.-]+)' not found", kinds: &[],
            cause: CauseClass::Environment, confidence: 0.7, explanation: "the module {} is missing", cure: |m| {
                let name = match m.subject() { "lfs" => "filesystem", "cjson" => "cjson", "pl" => "penlight", name => name }.split('.').next().unwrap_or("").to_ascii_lowercase();
                vec![packages("lua.missing-module", &[&format!("lua-{name}")])]
            } },
    ],
    ..NOTHING
};

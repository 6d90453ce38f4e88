//! C#, F# and Visual Basic with the .NET SDK.

use rr_core::{CauseClass, StepKind};

use super::super::{Declared, NOTHING, Report, build, exact, install, start, test};
use crate::rules::{Rule, no_cure};

#[rustfmt::skip]
pub(crate) static DOTNET: Declared = Declared {
    id: "dotnet",
    tool: "dotnet",
    get: "install the .NET SDK, https://dotnet.microsoft.com/download",
    manifests: &[(".sln", "dotnet"), (".slnx", "dotnet"), (".csproj", "dotnet"), (".fsproj", "dotnet"), (".vbproj", "dotnet")],
    sources: &["cs", "fs", "vb"],
    versions: &[exact("global.json", r#""version"\s*:\s*"([^"]+)""#), exact(".csproj", r"<TargetFrameworks?>[^<]*\bnet(?:coreapp)?(\d+\.\d+)"), exact(".fsproj", r"<TargetFrameworks?>[^<]*\bnet(?:coreapp)?(\d+\.\d+)"), exact("Directory.Build.props", r"<TargetFrameworks?>[^<]*\bnet(?:coreapp)?(\d+\.\d+)")],
    frameworks: &[
        ("**/.csproj:Microsoft.NET.Sdk.Web|**/.fsproj:Microsoft.NET.Sdk.Web", "aspnetcore"), ("**/.csproj:Microsoft.AspNetCore.Components", "blazor"), ("***/.csproj:\"xunit|***/.fsproj:\"xunit", "xunit"),
        ("***/.csproj:\"NUnit|***/.fsproj:\"NUnit", "nunit"), ("***/.csproj:\"MSTest", "mstest"), ("***/.fsproj:Expecto", "expecto"),
    ],
    test_programs: &["dotnet"],
    env: &[("DOTNET_CLI_TELEMETRY_OPTOUT", "1"), ("DOTNET_NOLOGO", "1"), ("DOTNET_CLI_HOME", "@{home}"), ("NUGET_PACKAGES", "@{caches}/nuget")],
    steps: &[
        install(".sln|.slnx|.csproj|.fsproj|.vbproj", "dotnet restore {}"),
        build(".sln|.slnx|.csproj|.fsproj|.vbproj", "dotnet build --no-restore {}"),
        start("**/.csproj:Microsoft.NET.Sdk.Web|**/.fsproj:Microsoft.NET.Sdk.Web", "exec dotnet run --no-build --project {} --urls http://127.0.0.1:5000", 5000),
        start("**/.csproj:<OutputType>Exe|**/.fsproj:<OutputType>Exe", "exec dotnet run --no-build --project {}", 0),
        test("***/.csproj:Microsoft.NET.Test.Sdk|***/.fsproj:Microsoft.NET.Test.Sdk|***/.csproj:\"xunit|***/.csproj:\"NUnit|***/.csproj:\"MSTest|***/Directory.Packages.props:\"xunit", "dotnet test --no-build --logger trx --results-directory \"@{reports}\"", "dotnet-test", Report::Trx("@{reports}/**/*.trx")),
    ],
    rules: &[
        // `error NU1301: Unable to load the service index for source https://api.nuget.org/v3/index.json.`
        Rule { id: "dotnet.registry", pattern: r"NU1301: Unable to load the service index for source (\S+?)\.?\s", kinds: &[StepKind::Install],
            cause: CauseClass::NeedsNetwork, confidence: 0.95, explanation: "the package registry {} cannot be reached", cure: no_cure },
        // `Requested SDK version: 10.0.100 … A compatible .NET SDK was not found.`
        Rule { id: "dotnet.version", pattern: r"Requested SDK version: (\S+)", kinds: &[],
            cause: CauseClass::Environment, confidence: 0.9, explanation: "needs the .NET SDK {}", cure: no_cure },
    ],
    ..NOTHING
};

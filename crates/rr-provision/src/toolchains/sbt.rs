//! sbt: its launcher from the Maven repository. The launcher brings the sbt that a build names.

use std::os::unix::fs::PermissionsExt as _;

use rr_core::{EngineError, HostTool, Toolchain};

use super::{Toolchains, Wanted};
use crate::fault;
use crate::registries::{Digest, maven_repository};
use crate::version::{Version, choose};

/// Starts the launcher with what it keeps in the user's home, which is the run's own.
const SCRIPT: &str = "#!/bin/sh
here=$(dirname \"$(readlink -f \"$0\")\")
memory=${SBT_MEMORY:--Xmx2g}
for word do
  shift
  # `sbt`'s own script reads this one; the launcher does not know it.
  [ \"$word\" = -batch ] || set -- \"$@\" \"$word\"
done
exec \"${JAVA_HOME:+$JAVA_HOME/bin/}java\" $memory $SBT_OPTS -jar \"$here/../sbt-launch.jar\" \"$@\" < /dev/null
";

impl Toolchains {
    /// The launcher at the requested version, or at the newest of that line.
    pub(super) fn sbt(&self, wanted: &Wanted<'_>) -> Result<Option<Toolchain>, EngineError> {
        let folder = format!("{}/org/scala-sbt/sbt-launch", maven_repository(self.host.settings()));
        let address = format!("{folder}/maven-metadata.xml");
        let (_, body) = self.client.get(&address, "application/xml", wanted.cancel)?;
        let text = String::from_utf8_lossy(&body).into_owned();
        let versions: Vec<(Version, &str)> = text
            .split("<version>")
            .skip(1)
            .filter_map(|rest| rest.split_once("</version>").map(|(version, _)| version))
            .filter(|version| !version.contains('-'))
            .filter_map(|version| Some((Version::parse(version)?, version)))
            .collect();
        let parsed: Vec<Version> = versions.iter().map(|(version, _)| version.clone()).collect();
        let Some(choice) = choose("sbt", wanted.request, &parsed) else { return Ok(None) };
        let version = versions[choice.index].1;
        let url = format!("{folder}/{version}/sbt-launch-{version}.jar");
        let place = self.store.publish(&format!("sbt-{version}"), |aside, _| {
            wanted.say(&format!("downloading the launcher of sbt {version}"));
            let jar = aside.join("sbt-launch.jar");
            self.client.download(&url, &jar, &Digest::Unstated, 64 << 20, wanted.cancel)?;
            let bin = aside.join("bin");
            crate::store::make_open_folder(&bin)?;
            let script = bin.join("sbt");
            std::fs::write(&script, SCRIPT).map_err(|e| fault::io("write", &script, e))?;
            std::fs::set_permissions(&script, std::fs::Permissions::from_mode(0o755))
                .map_err(|e| fault::io("make executable", &script, e))
        })?;
        let path = place.join("bin/sbt").to_string_lossy().into_owned();
        let found = HostTool { path, version: version.to_owned() };
        let mut toolchain = self.use_host("sbt", &found, choice.satisfies)?;
        toolchain.provenance = url;
        Ok(Some(toolchain))
    }
}

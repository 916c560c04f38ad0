"""The program's front door: help, versions, mistakes, settings, secrets."""

import json
import os
import re
import subprocess

import harness


class CommandLine(harness.Case):
    def test_without_words_it_explains_itself(self):
        for words in ([], ["--help"], ["-h"], ["help"]):
            result = self.assertExit(self.mqz(*words), 0)
            self.assertIn("usage: mqz COMMAND", result.text)
            self.assertIn("exit codes:", result.text)
            self.assertEqual(result.errors, "")

    def test_help_of_every_listed_command_works_both_ways(self):
        overview = self.mqz("--help").text
        listed = re.findall(r"^  (\w+) ", overview[: overview.index("'mqz COMMAND")], re.M)
        self.assertIn("version", listed)
        for command in listed:
            asked = self.assertExit(self.mqz(command, "--help"), 0)
            helped = self.assertExit(self.mqz("help", command), 0)
            self.assertEqual(asked.text, helped.text)
            self.assertIn(f"usage: mqz {command}", asked.text)

    def test_versions(self):
        self.assertRegex(self.assertExit(self.mqz("--version"), 0).text, r"^mqz \d+\.\d+\.\d+\n$")
        told = self.assertExit(self.mqz("version", "--json"), 0).text
        self.assertEqual(json.loads(told)["name"], "mqz")

    def test_a_mistyped_command_or_flag_gets_a_suggestion(self):
        result = self.assertExit(self.mqz("versoin"), 2)
        self.assertIn("did you mean 'version'?", result.errors)
        result = self.assertExit(self.mqz("version", "--jsno"), 2)
        self.assertIn("did you mean '--json'?", result.errors)
        self.assertEqual(result.text, "")

    def test_what_is_not_built_yet_says_so(self):
        for command in ("elect", "lock", "replog", "informer"):
            result = self.assertExit(self.mqz(command, "x", "--", "true"), 2)
            self.assertIn("comes with a later part", result.errors)
            self.assertNotRegex(self.mqz("--help").text, rf"(?m)^  {command} ")

    def test_general_flags_may_stand_before_the_command(self):
        self.assertExit(self.mqz("--color", "never", "--quiet", "version"), 0)
        self.assertIn("'red'", self.assertExit(self.mqz("--color", "red", "version"), 2).errors)

    def test_unknown_variables_warn_and_quiet_keeps_it_down(self):
        result = self.assertExit(self.mqz("version", env={"MQZ_COLOUR": "never"}), 0)
        self.assertIn("MQZ_COLOUR; did you mean 'MQZ_COLOR'?", result.errors)
        self.assertEqual(self.mqz("version", "--quiet", env={"MQZ_COLOUR": "never"}).errors, "")

    def test_configuration_files_are_found_and_checked(self):
        os.makedirs(self.path("xdg/mqz"))
        self.write("xdg/mqz/config.toml", "colr = 'never'\n")
        result = self.assertExit(self.mqz("version", env={"XDG_CONFIG_HOME": self.path("xdg")}), 78)
        self.assertIn("config.toml:1: unknown key 'colr'", result.errors)
        self.assertIn("did you mean 'color'?", result.errors)
        self.assertExit(self.mqz("version", "--config", self.path("none")), 66)

    def test_a_full_disk_is_an_error(self):
        with open("/dev/full", "wb") as full:
            done = subprocess.run([harness.MQZ, "--help"], stdout=full, stderr=subprocess.PIPE,
                                  timeout=harness.PATIENCE, check=False)
        self.assertEqual(done.returncode, 74)

    def test_completion_scripts_are_accepted_by_their_shells(self):
        for shell in ("bash", "zsh", "fish"):
            self.assertIn("__complete", self.assertExit(self.mqz("completion", shell), 0).text)
        script = self.write("mqz.bash", self.mqz("completion", "bash").text)
        self.assertExit(self.run_words(["bash", "-n", script]), 0)

    def test_bash_completes_through_the_program(self):
        script = self.write("mqz.bash", self.mqz("completion", "bash").text)
        typed = f"COMP_WORDS=({harness.MQZ} vers); COMP_CWORD=1"
        ask = f"source {script}; {typed}; _mqz; echo ${{COMPREPLY[@]}}"
        result = self.assertExit(self.run_words(["bash", "-c", ask]), 0)
        self.assertEqual(result.text, "version\n")


if __name__ == "__main__":
    harness.main()

"""Set-up does a step once for the same inputs, and tells a person without root what to type."""

from pathlib import Path

import pytest

from tools.setup import REQUIREMENTS, announce_tests, daemons_at_rest, main, provide_debian_packages, step


@pytest.fixture
def work(tmp_path):
    """An input, an output, and a step that counts how often it ran."""
    lock, output, done = tmp_path / "lock.txt", tmp_path / "made", []
    lock.write_text("a==1\n")

    def run():
        done.append(1)
        output.write_text("made")

    return lock, output, done, lambda: step("packages", [lock], [output], run, tmp_path / "stamps")


def test_a_step_runs_once(work):
    _, _, done, again = work
    again()
    again()
    assert len(done) == 1


def test_a_step_runs_again_when_its_input_changes(work):
    lock, _, done, again = work
    again()
    lock.write_text("a==2\n")
    again()
    assert len(done) == 2


def test_a_step_runs_again_when_its_output_is_gone(work):
    _, output, done, again = work
    again()
    output.unlink()
    again()
    assert len(done) == 2


def test_a_step_that_fails_is_not_taken_for_done(tmp_path):
    def fails():
        raise OSError

    with pytest.raises(OSError, match=r"^$"):
        step("packages", [], [], fails, tmp_path / "stamps")
    assert not (tmp_path / "stamps" / "packages").exists()


def test_without_root_the_exact_command_is_printed(capsys):
    provide_debian_packages(["chromium", "ffmpeg"], root=False)
    assert "sudo apt-get install --no-install-recommends chromium ffmpeg\n" in capsys.readouterr().out


def test_it_says_first_what_it_will_install(capsys):
    announce_tests(["chromium"], root=True)
    assert "Debian packages it will install as root: chromium" in capsys.readouterr().out


def test_daemons_are_kept_at_rest_and_the_file_goes_away(tmp_path):
    policy = tmp_path / "policy-rc.d"
    with daemons_at_rest(policy):
        assert "exit 101" in policy.read_text()
    assert not policy.exists()


def test_a_policy_of_the_machine_is_left_alone(tmp_path):
    policy = tmp_path / "policy-rc.d"
    policy.write_text("theirs")
    with daemons_at_rest(policy):
        assert policy.read_text() == "theirs"
    assert policy.read_text() == "theirs"


def test_a_word_it_does_not_know_is_refused(capsys):
    assert main(["everything"]) == 2
    assert "runtime or tests" in capsys.readouterr().out


def test_every_package_of_the_debian_list_is_a_name():
    lines = Path(REQUIREMENTS / "debian.txt").read_text().splitlines()
    names = [line for line in lines if not line.startswith("#")]
    assert names
    assert all(name.replace("-", "").isalnum() and name == name.strip() for name in names)

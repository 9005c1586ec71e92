import pytest

from loadtests.history import Log, Marks, Place, Stored, Verdict, judge, judge_unread, sentence


class Told:
    """A conversation of two clients, who are told things one by one."""

    def __init__(self) -> None:
        self.log = Log("c")
        self.ann, self.bob = Place(self.log, "ann"), Place(self.log, "bob")
        self.marks = {"ann": Marks(), "bob": Marks()}
        for place in (self.ann, self.bob):
            place.marks = {"ann": Marks(), "bob": Marks()}
        self.stored: dict[int, str] = {}

    def store(self, *seqs: int) -> "Told":
        for seq in seqs:
            self.stored[seq] = f"m{seq}"
        return self

    def ack(self, *seqs: int) -> "Told":
        for seq in seqs:
            self.log.acked[seq] = f"m{seq}"
        return self

    def tell(self, place: Place, *revs: int) -> "Told":
        for rev in revs:
            place.live(rev)
            place.take(rev, rev, f"m{rev}", 0.0)
        return self

    def tell_both(self, *revs: int) -> "Told":
        return self.tell(self.ann, *revs).tell(self.bob, *revs)

    def verdict(self) -> Verdict:
        verdict = Verdict()
        judge(verdict, self.log, Stored(self.stored, len(self.stored), self.marks))
        return verdict


@pytest.fixture
def told() -> Told:
    return Told()


def test_when_all_hold_what_is_stored_every_promise_was_kept(told: Told) -> None:
    verdict = told.store(1, 2, 3).ack(1, 2, 3).tell_both(1, 2, 3).verdict()
    assert verdict.kept
    assert (verdict.acked, verdict.received, verdict.stored, verdict.places) == (3, 6, 3, 2)
    assert sentence(verdict).startswith("Every promise was kept. 3 acknowledged messages and 6 receptions")


def test_an_acked_message_that_a_member_does_not_hold_is_lost(told: Told) -> None:
    verdict = told.store(1, 2).ack(1, 2).tell(told.ann, 1, 2).tell(told.bob, 1).verdict()
    assert verdict.broken()["acked_lost"] == 1
    assert "#2 was acknowledged and does not reach bob" in verdict.examples[0]
    assert sentence(verdict).startswith("A promise was broken: acked lost 1.")


def test_an_acked_message_that_is_not_stored_is_lost(told: Told) -> None:
    verdict = told.store(1).ack(1, 2).tell_both(1).verdict()
    assert verdict.acked_lost == 1
    assert "the server has nothing" in verdict.examples[0]


def test_an_acked_message_under_whose_number_another_is_stored_is_lost(told: Told) -> None:
    told.store(1).ack(1).tell_both(1)
    told.stored[1] = "another"
    assert told.verdict().acked_lost == 1


def test_a_stored_message_reaches_everybody_also_when_its_ack_was_lost(told: Told) -> None:
    assert told.store(1).tell(told.ann, 1).verdict().acked_lost == 1


def test_an_event_that_comes_twice_in_a_session_is_duplicated(told: Told) -> None:
    verdict = told.store(1, 2).ack(1, 2).tell_both(1, 2).tell(told.bob, 2).verdict()
    assert (verdict.duplicated, verdict.reordered, verdict.acked_lost) == (1, 0, 0)


def test_a_message_that_is_stored_under_two_numbers_is_duplicated(told: Told) -> None:
    told.store(1, 2).tell_both(1, 2)
    told.stored[2] = "m1"
    for place in (told.ann, told.bob):
        place.forked = 0
    told.log.heard[2] = "m1"
    assert told.verdict().duplicated == 1


def test_an_event_after_a_later_one_is_reordered_and_the_gap_counted(told: Told) -> None:
    verdict = told.store(1, 2, 3).ack(1, 2, 3).tell(told.ann, 1, 2, 3).tell(told.bob, 1, 3, 2).verdict()
    assert (verdict.reordered, verdict.duplicated, verdict.gaps, verdict.acked_lost) == (1, 0, 1, 0)
    assert list(told.bob.seqs) == [1, 2, 3]


def test_what_comes_late_after_the_hub_said_that_it_is_missing_is_not_reordered(told: Told) -> None:
    told.store(1, 2, 3).ack(1, 2, 3).tell(told.ann, 1, 2, 3).tell(told.bob, 1, 3)
    told.bob.resync(1.0)
    verdict = told.tell(told.bob, 2).verdict()
    assert verdict.kept
    assert verdict.gaps == 1


@pytest.mark.parametrize(("after", "reordered"), [(0.5, 0), (5.0, 1)])
def test_the_hub_may_own_up_to_a_gap_a_moment_later(told: Told, after: float, reordered: int) -> None:
    told.store(1, 2, 3).ack(1, 2, 3).tell(told.ann, 1, 2, 3).tell(told.bob, 1, 3, 2)
    told.bob.resync(after)
    assert told.verdict().reordered == reordered


def test_what_comes_late_twice_is_duplicated_all_the_same(told: Told) -> None:
    told.store(1, 2, 3).ack(1, 2, 3).tell(told.ann, 1, 2, 3).tell(told.bob, 1, 3)
    told.bob.resync(1.0)
    assert told.tell(told.bob, 2, 2).verdict().duplicated == 1


def test_a_gap_that_was_healed_by_asking_is_no_fault(told: Told) -> None:
    told.store(1, 2, 3).ack(1, 2, 3).tell(told.ann, 1, 2, 3).tell(told.bob, 1, 3)
    told.bob.take(2, 2, "m2", 0.0)  # an answer to conversation.sync, not a live event
    verdict = told.verdict()
    assert verdict.kept
    assert verdict.gaps == 1


def test_a_new_session_may_be_told_again_what_the_last_one_was(told: Told) -> None:
    told.store(1, 2).ack(1, 2).tell_both(1, 2)
    told.bob.rev = 1  # it comes back with an older cursor
    told.bob.seqs.pop()
    told.bob.begin_session()
    assert told.tell(told.bob, 2).verdict().kept


def test_who_joins_later_needs_nothing_that_was_before(told: Told) -> None:
    told.store(1, 2).ack(1, 2).tell(told.ann, 1, 2)
    told.bob.rev, told.bob.first_seq = 1, 2
    told.bob.begin_session()
    assert told.tell(told.bob, 2).verdict().kept


def test_who_has_left_is_not_judged(told: Told) -> None:
    told.bob.gone = True
    assert told.store(1).ack(1).tell(told.ann, 1).verdict().kept


def test_two_clients_who_heard_different_messages_do_not_converge(told: Told) -> None:
    told.store(1).ack(1).tell(told.ann, 1)
    told.bob.live(1)
    told.bob.take(1, 1, "another", 0.0)
    assert told.verdict().not_converged == 1


def test_receipts_that_differ_from_the_servers_do_not_converge(told: Told) -> None:
    told.store(1).ack(1).tell_both(1)
    told.marks["bob"] = Marks(1, 1)
    told.bob.mark("bob", 1, 1)
    verdict = told.verdict()
    assert verdict.not_converged == 1
    assert "ann knows of bob 0/0" in verdict.examples[0].replace(" in c", "")


def test_receipts_only_rise(told: Told) -> None:
    told.ann.mark("bob", 5, 3)
    told.ann.mark("bob", 4, 4)
    assert told.ann.marks["bob"] == Marks(5, 4)


def test_an_unread_count_that_differs_does_not_converge(told: Told) -> None:
    verdict = Verdict()
    told.bob.unread = 2
    judge_unread(verdict, told.bob, 3)
    judge_unread(verdict, told.ann, 0)
    assert (verdict.not_converged, verdict.unread_compared) == (1, 2)


def test_verdicts_of_several_generators_add_up(told: Told) -> None:
    one = told.store(1).ack(1).tell(told.ann, 1).verdict()
    two = Verdict(acked=5, refused=1)
    one.add(two)
    assert (one.acked, one.acked_lost, one.refused) == (6, 1, 1)
    assert not one.kept


def test_a_run_in_which_nothing_happened_proves_nothing() -> None:
    assert sentence(Verdict()).startswith("Nothing was checked")

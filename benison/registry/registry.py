"""A registry of one model: register, bless, promote, roll back; each is one entry of the promotion log."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from benison.config.release import Release
from benison.config.signatures import NONE_ASKED, Signatures
from benison.core import key_sets
from benison.core.store import Store
from benison.core.verdicts import Verdict
from benison.registry import entries, marker, packages, rules
from benison.registry.copies import Copy
from benison.registry.evidence_files import EvidenceFiles
from benison.registry.history import History
from benison.registry.key_files import KeyFiles
from benison.registry.log import Bless, Champion, Govern, Logged, PackageEntry, Register
from benison.registry.manifest import Manifest, Provenance, digest_of
from benison.registry.names import check_model, resolve
from benison.registry.packages import Packages
from benison.registry.promotion_log import PromotionLog
from benison.registry.signing import EVIDENCE, Signing
from benison.registry.state import Shown, State
from benison.registry.stores import store_at


class Registry:
    """The versions of one model and the log that says which of them is what.

    Args:
        store: Where everything lies.
        model: The model's name.
        pinned: Whose signatures whoever opens it asks for, whatever the log's rules say.
    """

    def __init__(self, store: Store, model: str, pinned: Signatures = NONE_ASKED) -> None:
        check_model(model)
        self.store, self.model = store, model
        self.packages = Packages(store, model)
        self.history = History(store, model)
        self.key_files = KeyFiles(store, model)
        self.evidence = EvidenceFiles(store, model)
        self.signing = Signing(store, model, pinned)
        self._log = PromotionLog(store, model)
        self.snapshots = self._log.snapshots

    @classmethod
    def open(cls, uri: str, model: str, pinned: Signatures = NONE_ASKED) -> Registry:
        """A registry that is there, of a model that it knows.

        Args:
            uri: An absolute path, or ``file://`` and one.
            model: The model's name.
            pinned: As for the class.

        Raises:
            RegistryError: There is no registry, or nothing of that model in it.
        """
        store = store_at(uri)
        marker.require(store)
        registry = cls(store, model, pinned)
        if next(store.list_after(f"{model}/"), None) is None:
            raise marker.unknown_model(store, model)
        return registry

    @classmethod
    def create(cls, uri: str, model: str, pinned: Signatures = NONE_ASKED) -> Registry:
        """A registry that is there, or a new one in an empty or missing folder.

        Raises:
            RegistryError: The folder holds something else.
            StorageError: It cannot be made.
        """
        check_model(model)
        store = store_at(uri)
        marker.ensure(store)
        return cls(store, model, pinned)

    def log(self) -> tuple[Logged, ...]:
        """Every entry of the log, oldest first.

        Raises:
            IntegrityError: An entry is missing, torn, foreign or does not follow from the one before it.
        """
        return self._log.entries()

    def verify_log(self) -> None:
        """As `PromotionLog.verify`."""
        self._log.verify()

    def state(self) -> State:
        """What the log comes to at this moment; only entries that are new since the last time are read."""
        return self._log.state()

    def resolve(self, name: str) -> str:
        """The digest of the package that a person means: an alias, a number, or the start of a digest.

        Raises:
            RegistryError: It is unknown, stands for nobody at present, or fits several versions.
        """
        return resolve(self.state(), name)

    def show(self, name: str) -> Shown:
        """All that is known of one version.

        Raises:
            RegistryError: There is no such version.
            IntegrityError: Its manifest is missing or damaged.
        """
        state, package = self._known(name)
        copy = rules.copy_of(state, package)
        manifest = self.packages.require(copy)
        return Shown(
            manifest=manifest,
            version=state.versions[package],
            aliases=tuple(alias for alias, of in state.aliases.items() if of == package),
            promotions=tuple(one for one in self._log.entries() if entries.crowns(one.entry, package)),
            signatures=self.signing.seen(state.release.signatures, copy, manifest),
        )

    def checkout(self, name: str, target: Path) -> Manifest:
        """Copies a version out, verified byte by byte; the target is there whole or not at all.

        Raises:
            IntegrityError: A file of it is missing, changed, or one too many; the message names it.
            RegistryError: There is no such version, or something lies at the target.
            StorageError: The target cannot be written.
        """
        state, package = self._known(name)
        return self.packages.checkout(rules.copy_of(state, package), target)

    def checkout_to_serve(self, name: str, target: Path) -> Manifest:
        """As `checkout`, of a version that is to answer requests; raises as `require_signature` too."""
        self.require_signature(name)
        return self.checkout(name, target)

    def require_signature(self, name: str) -> str:
        """As `Signing.require`, of a version by name."""
        state, package = self._known(name)
        return self._signature(state, package)

    def read(self, name: str, path: str) -> bytes:
        """One file of a version, by its path in the package, verified; raises as `checkout`."""
        state, package = self._known(name)
        return self.packages.read(rules.copy_of(state, package), path)

    def register(self, folder: Path, provenance: Provenance, *, who: str, when: datetime, why: str) -> str:
        """Takes a package in; one that is there already stays one version, as it was first registered.

        Args:
            folder: A SavedModel.
            provenance: Where it came from; the files of keys that it names lie beside the folder, in ``trained_on``.
            who: Who or what registers it.
            when: The moment, with a time zone.
            why: The reason, for people.

        Returns:
            The package's digest.

        Raises:
            DataError: The folder is no SavedModel, or holds a link or a special file.
            IntegrityError: A file changed meanwhile, or a damaged one lies in its place.
            ConflictError: Its old copy was collected at this moment; try again.
            StorageError: The registry is read-only or full.
        """
        said = entries.said(who, when, why)
        files = packages.files_of(folder)
        package = digest_of(files)
        copy = self.state().copy(package)
        if self.packages.manifest(copy) is None:
            if provenance.trained_on:
                self.key_files.add(copy, provenance.trained_on, key_sets.beside(folder))
            self.packages.add(folder, files, copy.generation)
            self.packages.seal(Manifest(package, files, provenance, said["who"], said["when"]), copy.generation)
        first = self.packages.require(copy).provenance
        evidence = {"snapshot": first.snapshot, "bundle": first.bundle, "model": first.model_digest}
        entry = Register(package=package, spans=first.spans, evidence=evidence, **said)
        self._log.append(lambda state: entries.registration(state, entry, copy))
        return package

    def bless(
        self,
        name: str,
        verdict: Verdict,
        *,
        reasons: tuple[str, ...],
        evidence: Mapping[str, str],
        compared_with: Champion | None,
        who: str,
        when: datetime,
        why: str,
        superior: bool = False,
    ) -> Logged | None:
        """Records the gate's word on a version, unless it is the same word on the same evidence as the last.

        Args:
            name: The version.
            verdict: The word; only PASS is a blessing.
            reasons: Why it is none.
            evidence: Digests by name; ``evaluation`` and ``policy`` tell evidence apart.
            compared_with: The champion that the evaluation compared with.
            who: Who or what decided.
            when: The moment, with a time zone.
            why: In words.
            superior: Whether its gain over the champion is above zero by the lower bound.

        Returns:
            The entry; None where the word was recorded before.
        """
        _, package = self._known(name)
        entry = Bless(
            package=package,
            verdict=verdict,
            reasons=reasons,
            evidence=evidence,
            compared_with=compared_with,
            superior=superior,
            **entries.said(who, when, why),
        )
        return self._log.append(lambda state: entries.blessing(state, entry))

    def govern(self, release: Release, *, who: str, when: datetime, why: str) -> Logged | None:
        """Lays down the rules of promotion, unless they are these already.

        Args:
            release: The rules.
            who: Who or what lays them down.
            when: The moment, with a time zone.
            why: The reason.

        Returns:
            The entry; None where nothing changes.
        """
        entry = Govern(release=release, **entries.said(who, when, why))
        return self._log.append(lambda state: None if state.release == release else entry)

    def approve(self, name: str, *, who: str, when: datetime, why: str) -> Logged | None:
        """Lets a blessed version be promoted, where the rules of promotion want a person's approval.

        Args:
            name: The version.
            who: Who approves.
            when: The moment, with a time zone.
            why: The reason.

        Returns:
            The entry; None where its blessing is approved already.

        Raises:
            RegistryError: There is no such version.
            RefusedError: It is not blessed, or who approves it trained it or had it judged.
        """
        _, package = self._known(name)
        said = entries.said(who, when, why)
        return self._log.append(lambda state: entries.approval(state, package, said))

    def promote(
        self,
        name: str,
        *,
        who: str,
        when: datetime,
        why: str,
        force: bool = False,
        by_hand: bool = True,
        policy: str = "",
    ) -> Logged:
        """Makes a version the champion, by compare-and-swap on the champion that its blessing compared with.

        Args:
            name: The version.
            who: Who or what promotes it.
            when: The moment, with a time zone.
            why: The reason; with force it must be given.
            force: Overrule a refusal for lack of proof, which is recorded; never one for damaged bytes.
            by_hand: Whether a person does it, which makes the version the reference.
            policy: The digest of the policy in force; empty: not known.

        Raises:
            RegistryError: The version is unknown, or champion already.
            RefusedError: It is not blessed, or against another champion, by another policy or too long ago, not
                approved, rolled back, older than the champion; or such a refusal may not be overruled; or it lacks a
                signature that is required.
            ConflictError: The champion moved at this moment.
            IntegrityError: The package's bytes are not what its digest says.
        """
        state, package = self._known(name)
        asked = entries.Promotion(package, force, by_hand, policy, when, entries.said(who, when, why))
        return self._crown(package, state, asked.entry)

    def rollback(self, to: str = "", *, who: str, when: datetime, why: str, replacing: int | None = None) -> Logged:
        """Puts a version back into the champion's place, after reading every byte of it.

        Args:
            to: A version that was champion or is blessed; empty: the champion before.
            who: Who rolls back.
            when: The moment, with a time zone.
            why: The reason.
            replacing: The champion's number that is to go, so that a repeated request goes back once; None: whichever.

        Raises:
            RegistryError: There is no such version, it is champion already, or it was never proven.
            RefusedError: It lacks a signature that is required.
            ConflictError: The champion moved at this moment, or is not the one to go.
            IntegrityError: The package's bytes are not what its digest says.
        """
        state, said = self.state(), entries.said(who, when, why)
        if replacing is not None and (state.champion is None or state.champion.number != replacing):
            raise rules.other_than(replacing, state.champion)
        package = resolve(state, to) if to else rules.way_back(state)
        return self._crown(package, state, lambda now: entries.rollback(now, package, said))

    def alias(self, alias: str, name: str = "", *, who: str, when: datetime, why: str) -> Logged | None:
        """Has a name of the user's stand for a version, which then is not retired; or for none.

        Args:
            alias: The name.
            name: The version; empty: the name is removed.
            who: Who does it.
            when: The moment, with a time zone.
            why: The reason.

        Returns:
            The entry; None where it is so already.

        Raises:
            RegistryError: There is no such version, or the name cannot be one.
            RefusedError: The version is retired.
        """
        rules.check_alias(alias)
        package = self.resolve(name or alias)
        said = entries.said(who, when, why)
        return self._log.append(lambda state: entries.naming(state, package, alias, not name, said))

    def retire(self, name: str, *, who: str, when: datetime, why: str) -> Logged | None:
        """Takes a version out of use; its files stay until they are collected; registering it again ends that.

        Returns:
            The entry; None where it is retired.

        Raises:
            RegistryError: There is no such version.
            RefusedError: An alias stands for it.
        """
        package, said = self.resolve(name), entries.said(who, when, why)
        return self._log.append(lambda state: entries.retirement(state, package, said))

    def collect(self, package: str, retired: int, *, who: str, when: datetime, why: str) -> bool:
        """Deletes the files of a version, if it is still retired by this entry; what the log says of it stays.

        Args:
            package: Its digest.
            retired: The number of the entry that retired it.
            who: Who or what collects.
            when: The moment, with a time zone.
            why: The reason.

        Returns:
            Whether it was so.
        """
        said, copy = entries.said(who, when, why), self.state().copy(package)
        if self._log.append(lambda state: entries.collection(state, package, retired, said)) is None:
            return False
        self.remove(copy)
        return True

    def remove(self, copy: Copy) -> None:
        """Deletes what is there of a copy that was collected; of one cut short the next finds the rest."""
        self.packages.remove(copy)
        self.key_files.remove(copy)
        self.signing.files.remove(copy)

    def _known(self, name: str) -> tuple[State, str]:
        state = self.state()
        return state, resolve(state, name)

    def _signature(self, state: State, package: str) -> str:
        ruling, copy = state.release.signatures, state.copy(package)
        return self.signing.require(ruling, copy, self.packages.require(copy)) if self.signing.asks(ruling) else ""

    def _crown(self, package: str, before: State, decide: Callable[[State], PackageEntry]) -> Logged:
        """Moves the champion, if it still is the one there was, to a package whose every byte was read."""

        def unmoved(now: State) -> PackageEntry:
            if now.champion != before.champion:
                raise rules.raced(package, before.champion, now.champion)
            entry, signature = decide(now), self._signature(now, package)
            return replace(entry, evidence={**entry.evidence, EVIDENCE: signature}) if signature else entry

        unmoved(before)
        self.packages.verify(before.copy(package))
        logged = self._log.append(unmoved)
        assert logged is not None
        return logged

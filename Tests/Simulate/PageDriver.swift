import CallKit
import CallModel
import Calls
import Reactor
import Wire

/// Watches the calls as signalling does: its people take calls in pages, and command those that are up.
final class PageDriver: CallObserver, @unchecked Sendable {
    // Touched on the simulated loop only.

    private weak var wave: Wave?

    init(_ wave: Wave) { self.wave = wave }

    func upstreamChanged(registered: Bool, detail: String) {}

    func callChanged(_ event: CallEvent) {
        guard let wave, case .life(let notice) = event.notice else { return }
        switch notice {
        case .offered(let userID): wave.showPage(event.record.uuid, userID)
        case .answered: wave.commandSometime(event.record.uuid)
        case .transferFailed: wave.totals["transfer failed"] += 1
        case .transferred: wave.totals["transfer done"] += 1
        default: break
        }
    }
}

extension Wave {
    /// A page is shown a call: it is taken, declined or left alone.
    func showPage(_ uuid: UUID, _ userID: Int64) {
        totals["shown in a page"] += 1
        let choice = chance.number(0...9)
        guard choice < 8 else { return }
        after(chance.milliseconds(100...9000)) { [weak self] in
            guard let self else { return }
            choice < 6 ? self.take(uuid, userID) : self.decline(uuid, userID)
        }
    }

    private func take(_ uuid: UUID, _ userID: Int64) {
        guard command({ _ = try $0.accept(.uuid(uuid), userID: userID) }) != nil else { return }
        totals["taken in a page"] += 1
        deeds.pageAccepted.insert(uuid)
        // One in twenty says yes and never comes.
        guard !chance.happens(0.05) else { return }
        let page = LivePage("callee-\(uuid)-\(userID)", userID: userID, in: self)
        deeds.pages[uuid, default: []].append(page)
        after(chance.milliseconds(10...800)) { [weak self] in
            guard let self else { return }
            let isIn: Void? = self.command { calls in
                _ = try calls.join(.uuid(uuid), page)
                try calls.offer(.uuid(uuid), from: page, sdp: ScriptedPage.offer())
            }
            if isIn != nil { self.leaveSometime(page, uuid) }
        }
    }

    private func decline(_ uuid: UUID, _ userID: Int64) {
        guard command({ _ = try $0.decline(.uuid(uuid), userID: userID) }) != nil else { return }
        totals["declined in a page"] += 1
        deeds.pageDeclined.insert(uuid)
    }

    /// Some calls are held, moved or ended by command.
    func commandSometime(_ uuid: UUID) {
        switch chance.number(0...99) {
        case 0..<4:
            after(chance.milliseconds(0...20_000)) { [weak self] in
                guard let self, self.command({ _ = try $0.hangUp(.uuid(uuid), userID: nil) }) != nil else { return }
                self.totals["hung up by command"] += 1
                self.deeds.hungUp.insert(uuid)
            }
        case 4..<9: holdByCommand(uuid)
        case 9..<13: transferByCommand(uuid)
        default: break
        }
    }

    private func holdByCommand(_ uuid: UUID) {
        after(chance.milliseconds(0...5000)) { [weak self] in
            guard let self, self.command({ _ = try $0.hold(.uuid(uuid), true, userID: nil) }) != nil else { return }
            self.totals["held by command"] += 1
            self.after(self.chance.milliseconds(100...15_000)) { [weak self] in
                self?.command { _ = try $0.hold(.uuid(uuid), false, userID: nil) }
            }
        }
    }

    private func transferByCommand(_ uuid: UUID) {
        let target = chance.happens(0.2) ? someNumberOutside() : chance.happens(0.15) ? "2000" : someExtension()
        after(chance.milliseconds(200...10_000)) { [weak self] in
            guard let self else { return }
            let isMoving: Void? = self.command {
                _ = try $0.transfer(.uuid(uuid), to: .number(target), reason: nil, userID: nil)
            }
            guard isMoving != nil else { return }
            self.totals["transfer by command"] += 1
            self.deeds.moved.insert(uuid)
        }
    }
}

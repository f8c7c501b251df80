import CallKit
import CallModel
import Calls
import Media
import Reactor
import SIPEndpoint
import TestKit
import Testing
import Wire

/// Pages that reload while their call is being transferred, in virtual time.
struct ResumedTransferTests {
    /// User 1's page talks to phone 1002, and one of them sends the other to phone 1003, which answers after a while.
    private struct House {
        let exchange: Exchange
        let page = ScriptedPage("page", userID: 1)
        let again = ScriptedPage("again", userID: 1)
        let partner: ScriptedPhone
        let target: ScriptedPhone
        let key: CallKey

        init(seed: UInt64, answers: ScriptedPhone.Answer = .accept(after: .seconds(10))) throws {
            exchange = try Exchange(seed: seed, users: 3)
            (partner, target) = (try exchange.addPhone("1002"), try exchange.addPhone("1003"))
            #expect(exchange.register())
            target.assumeIsolated { $0.setScript { _ in answers } }
            key = try exchange.call("1002", from: page).key
            exchange.loop.advance(by: .seconds(3))
            #expect(isTalking(partner) && media.partners.count == 2)
        }

        func wait(_ seconds: Int) { exchange.loop.advance(by: .seconds(seconds)) }

        func transferByPartner() {
            let partner = partner
            for leg in partner.assumeIsolated({ Array($0.fates.keys) }) {
                #expect(partner.assumeIsolated { $0.transfer(leg, to: "1003") })
            }
            wait(2)
        }

        func transferByPage() throws {
            let key = key
            _ = try exchange.calls.assumeIsolated {
                try $0.transfer(key, to: .number("1003"), reason: nil, userID: 1)
            }
            wait(2)
        }

        func closePage() {
            let page = page
            exchange.calls.assumeIsolated { $0.disconnected(page) }
            wait(1)
        }

        func reopenPage() throws {
            let (key, again) = (key, again)
            try exchange.calls.assumeIsolated {
                _ = try $0.resume(key, again, token: nil, keepsMedia: false)
                try $0.offer(key, from: again, sdp: ScriptedPage.offer(certificate: "AA"))
            }
            wait(2)
        }

        func isTalking(_ phone: ScriptedPhone) -> Bool {
            phone.assumeIsolated { $0.fates.values.contains(.talking) }
        }

        var media: StandInMedia { exchange.media }
        var record: CallRecord? { exchange.store.records.first }

        /// Two talk, by one record; nothing is left of them when they have hung up.
        func expectOneTalk(with phone: ScriptedPhone) {
            #expect(isTalking(phone))
            #expect(media.partners.count == 2 && media.open.count == 2 && media.sources.isEmpty)
            #expect(record?.state == .answered && exchange.store.records.count == 1)
            for leg in phone.assumeIsolated({ Array($0.fates.keys) }) { phone.assumeIsolated { $0.hangUp(leg) } }
            wait(60)
            #expect(record?.state == .completed)
            #expect(exchange.liveCount == 0 && media.open.isEmpty)
            #expect(exchange.statistics.legs == 0 && exchange.statistics.dialogs == 0)
            #expect(exchange.witness.endings.values.allSatisfy { $0 == 1 })
        }
    }

    @Test func `a page that reloads while it is transferred hears the target ring, and talks to it`() throws {
        let house = try House(seed: 81)
        house.transferByPartner()
        house.closePage()
        #expect(house.exchange.liveCount == 1 && house.record?.state == .transferring)
        try house.reopenPage()
        #expect(house.again.answers.count == 1)
        #expect(house.media.sources.values.contains(.ringBack))
        house.wait(10)
        #expect(!house.isTalking(house.partner))
        house.expectOneTalk(with: house.target)
    }

    @Test func `a target that answers meanwhile hears music until the page is there`() throws {
        let house = try House(seed: 82, answers: .accept(after: .seconds(4)))
        house.transferByPartner()
        house.closePage()
        house.wait(5)
        #expect(house.isTalking(house.target) && house.record?.state == .answered)
        #expect(house.media.sources.values.contains(.music) && house.media.partners.isEmpty)
        try house.reopenPage()
        #expect(house.again.answers.count == 1)
        house.expectOneTalk(with: house.target)
    }

    @Test func `a page that reloads while it transfers has its partner back when the target refuses`() throws {
        let house = try House(seed: 83, answers: .reject(status: 486, after: .seconds(4)))
        try house.transferByPage()
        house.closePage()
        house.wait(5)
        #expect(house.isTalking(house.partner) && house.media.sources.values.contains(.music))
        try house.reopenPage()
        #expect(house.again.answers.count == 1 && house.record?.transferCount == 0)
        house.expectOneTalk(with: house.partner)
    }

    @Test func `a page that reloads while it transfers has no place any more when the target answers`() throws {
        let house = try House(seed: 84)
        try house.transferByPage()
        house.closePage()
        try house.reopenPage()
        #expect(house.again.answers.count == 1 && house.media.partners.isEmpty)
        house.wait(10)
        #expect(house.again.messages.contains(.left))
        #expect(throws: CallError.forbidden) { try house.reopenPage() }
        house.expectOneTalk(with: house.target)
    }

    @Test func `a page that never comes back does not keep the others from each other`() throws {
        let house = try House(seed: 85, answers: .accept(after: .seconds(40)))
        try house.transferByPage()
        house.closePage()
        house.wait(25)
        #expect(house.record?.state == .transferring)
        #expect(throws: CallError.forbidden) { try house.reopenPage() }
        house.wait(20)
        house.expectOneTalk(with: house.target)
    }
}

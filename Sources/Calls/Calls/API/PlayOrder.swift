import Media
package import Web

/// What somebody wants the people of a call to hear.
package struct PlayOrder: Sendable, Equatable {
    package enum What: Sendable, Equatable {
        /// A file of the folder of sounds, by its bare name.
        case file(String)
        /// A file of somebody's web server.
        case url(HTTPURL)
        case tone(Tone)
    }

    package enum Tone: String, Sendable, CaseIterable {
        case ringback
        case busy
        case congestion
        case milliwatt
    }

    package enum Audience: String, Sendable, CaseIterable {
        case caller
        case callee
        case both
    }

    package let what: What
    package let audience: Audience
    /// Goes on until it is stopped.
    package let loops: Bool

    package init(_ what: What, to audience: Audience, loops: Bool) {
        (self.what, self.audience, self.loops) = (what, audience, loops)
    }
}

/// An announcement that has ended.
package struct PlayedSound: Sendable, Equatable {
    package let order: PlayOrder
    /// It was heard to its end by all it was meant for, rather than stopped.
    package let isWhole: Bool

    package init(order: PlayOrder, isWhole: Bool) { (self.order, self.isWhole) = (order, isWhole) }
}

extension MediaSource {
    init(_ tone: PlayOrder.Tone) {
        switch tone {
        case .ringback: self = .ringBack
        case .busy: self = .busy
        case .congestion: self = .congestion
        case .milliwatt: self = .milliwatt
        }
    }
}

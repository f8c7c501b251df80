import Wire

// Short sounds over everything that a leg hears. An announcement waits for their end, all else goes by unheard.
extension WorkerCore {
    mutating func interject(_ sound: Sound, to leg: LegPointer) {
        leg.pointee.dropInterjection()
        leg.pointee.interjection = makePlayer(sound, loops: false, leg)
        wheels.startPacing(leg)
    }

    mutating func playInterjection(_ player: SoundPlayerPointer, _ leg: LegPointer) {
        play(player, to: leg)
        if player.pointee.isOver { endInterjection(leg) }
    }

    /// Lets the leg hear again what it heard before.
    mutating func endInterjection(_ leg: LegPointer) {
        leg.pointee.dropInterjection()
        if !leg.pointee.hearsFrames, !leg.pointee.isSendingDigits { wheels.stopPacing(leg) }
    }
}

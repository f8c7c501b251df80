extension Variable {
    /// Media: browsers, RTP, sounds, recordings.
    static let media: [Variable] = [
        Variable("PUBLIC_IP", otherwise: "the machine's addresses", "what descriptions and SIP headers say instead"),
        Variable("STUN_SERVER", otherwise: "none", "`host:port`, handed to browsers as their ICE server"),
        Variable(
            "WEBRTC_PORT", "30000",
            """
            UDP and TCP for browsers: this port plus the worker's number; TCP is for networks that let no UDP \
            pass
            """),
        Variable("WEBRTC_ADVERTISED_PORT", otherwise: "`WEBRTC_PORT`", "what browsers are told instead"),
        Variable(
            "WEBRTC_MODE", "auto",
            """
            media between two pages alone: `auto` and `relay` leave it to them, with `bridge` it passes here like \
            that of all other calls
            """),
        Variable("MEDIA_WORKERS", otherwise: "number of cores", "media threads"),
        Variable(
            "RTP_PORT_MIN", otherwise: "that set at `/admin`, or 20000",
            """
            first UDP port for SIP legs, which take two each
            """),
        Variable("RTP_PORT_MAX", otherwise: "that set at `/admin`, or 29999", "the last of them"),
        Variable("SRTP_ENGINE", "openssl", "or `libsrtp2`"),
        Variable("MEDIA_TIMEOUT_S", "30", "silence that ends a call; hold is exempt"),
        Variable(
            "MUSIC_ON_HOLD", otherwise: "built in",
            """
            a WAV or Ogg file, or a folder whose files are played in the order of their names; half an hour at \
            most
            """),
        Variable("TONE_PLAN", "RU", "ring-back, busy and congestion as in `RU`, `US` or `EU`"),
        Variable("RECORDING", "off", "which calls are recorded without being asked: `all`, `incoming`, `outgoing`"),
        Variable("RECORDING_FORMAT", "wav", "or `opus`"),
        Variable("RECORDING_TONE_S", "0", "seconds from one consent tone to the next; 0: none"),
        Variable(
            "RECORDING_LIMIT_MB", "10240",
            """
            room of all recordings together: the oldest finished ones are removed first
            """),
    ]

    /// Calls, and whom they may reach.
    static let calls: [Variable] = [
        Variable("MAX_CONCURRENT_CALLS", "0", "0: as many as the ports carry"),
        Variable(
            "RESUME_TIMEOUT_S", "20",
            """
            how long a call waits for a page that reloads or changes network; 0: it ends at once
            """),
        Variable(
            "CONFERENCE_ROOMS", otherwise: "none",
            """
            `number:name`, comma separated: what is dialled for each conference
            """),
        Variable(
            "PLAY_HOSTS", "*",
            """
            hosts whose files can be played by URL, comma separated (`*.example.com`: all below it; `*`: any \
            with a public address; `none`). One that is named, and not merely any, may have a private address, \
            too: `*,files.internal`
            """),
        Variable("PLAY_CA", otherwise: "the system's", "PEM file of authorities for their `https`"),
        Variable("WEBHOOK_HOSTS", "*", "the same for the servers that webhooks tell"),
        Variable("WEBHOOK_CA", otherwise: "the system's", "PEM file of authorities for their `https`"),
        Variable(
            "STREAM_HOSTS", otherwise: "none",
            """
            hosts that calls may be streamed to, comma separated (`*.example.com`: all below it; `*`: any at \
            all, so that whoever may command calls can send their audio anywhere and reach hosts of your own \
            network through Tandem)
            """),
        Variable("STREAM_CA", otherwise: "the system's", "PEM file of authorities for their `wss`"),
    ]
}

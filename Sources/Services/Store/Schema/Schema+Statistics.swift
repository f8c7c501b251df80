extension Schema {
    /// What lists and statistics over many calls are read from, without looking at the calls themselves.
    ///
    /// Only calls that are over are in the index of figures, so that a call is put there once.
    static let statistics = """
        CREATE INDEX calls_figures ON calls (
            started_at, state, direction, answered_at, duration, hold_seconds, transfer_count, operator_id,
            assigned_user_id, answered_by_user_id, ended_at
        ) WHERE ended_at IS NOT NULL;

        """
}

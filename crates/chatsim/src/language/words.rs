//! Each text of the catalogues as a function of the values that are put into it; the test below holds both
//! catalogues against the lists.

use figures::{heads, texts};

use super::Language;

texts! {
    #[cfg(test)]
    TEXTS:

    predicted, simulated, live, broker, unknown, report, findings, figures, by_hand,
    not_reportable, delivered_by(world, part, time), tile_sent, tile_sent_note(cases), tile_delivered_note,
    tile_agreeing, tile_agreeing_value(agreeing, tested), tile_agreeing_note, tile_farthest,
    tile_farthest_note(case, measure, world), table, meaning,
    costs, disclosure, nothing_to_draw, data_behind, figure(number), milliseconds, notes,

    conditions, in_common(conditions), different(conditions), no_window, sent_every(interval), sent_when_there_is_room,
    lost_in_bursts(percent, length), lost_apart(messages, acks), timeout_doubled(timeout),
    subscribers_in_order(subscribers),

    title_experiment(number, name, started), title_sweep(started), what(cases, messages, seed),
    mark_partial(cases), case_done(number, all, case),
    stopped(dir, kept), stopped_nothing, watch_now(done, all, case), time_left(time),
    broker_carries(cases, address, seconds), left_out(case, world, minutes),
    broker_away(address, since, seconds), broker_back(address, seconds),

    experiment_normal, experiment_high_loss, experiment_latency, experiment_parameters,
    experiment_bursts, expected_normal, expected_high_loss, expected_latency, expected_parameters,
    expected_bursts,

    found_beside(expected, found),
    beside_theory(observed, theory), found_normal(direct, pub_sub, direct_ms, pub_sub_ms, not_worse, classes, theory),
    found_high_loss(direct, pub_sub, persistent, failed, theory),
    found_latency(window, fast, slow, fast_open, slow_open),
    found_parameters(retries, short, long, short_duplicates, long_duplicates, short_ms, long_ms),
    found_same_delivered, found_other_delivered,
    found_bursts(length, missing, single, direct, theory),
    found_agreement(agreeing, all, errors, worlds), found_others(names), found_lateness(speed, late, longer),

    measure_delivered, measure_delivered_to_all, measure_acknowledged, measure_failed,
    measure_attempts, measure_copies, measure_duplicates, measure_packets, measure_latency,
    measure_p99, measure_time_to_ack, measure_held, measure_throughput,

    distributions_title, distributions_caption, distances_title, distances_caption(within, all, tested), distances_mark(cases),
    distances_axis, distances_band, distances_limit, heat_title, heat_caption, heat_axis,

    raw_files, raw_environment, raw_records(world), raw_costs, raw_traces, term_seed, term_messages,

    check_agree(agreeing, all, cases, messages, silent),
    check_far(case, measure, observed, predicted, z, most),
    check_rare(case, measure, observed, predicted, p, least),

    replay_same(facts), replay_differs(at, in_trace, replayed), replay_nothing, replay_message(id),
    fact_created, fact_sent(attempt), fact_ack_sent(attempt), fact_lost(attempt),
    fact_ack_lost(attempt), fact_held(attempt), fact_delivered(attempt), fact_duplicate(attempt),
    fact_acknowledged(attempt), fact_late_ack(attempt), fact_given_up, fact_given_up_delivered,
    fact_dead_letter, fact_at(what, subscriber),
}

heads! {
    #[cfg(test)]
    HEADS:

    summary_columns: 13, condition_columns: 8, runner_columns: 8, cost_columns: 9, distributions_columns: 5, distances_columns: 4, heat_columns: 6,
}

#[cfg(test)]
mod tests {
    use figures::catalogue::faults;
    use runs::{GATE_TEXTS, PROGRAM_TEXTS, WATCH_TEXTS};

    use super::*;

    #[test]
    fn each_catalogue_has_every_text_with_its_values_and_nothing_else() {
        let asked = [TEXTS, GATE_TEXTS, PROGRAM_TEXTS, WATCH_TEXTS].concat();
        for (file, catalogue) in
            [("en.ftl", include_str!("en.ftl")), ("id.ftl", include_str!("id.ftl"))]
        {
            assert_eq!(faults(catalogue, &asked, HEADS), [""; 0], "{file}");
        }
    }

    #[test]
    fn a_text_is_in_its_language() {
        assert_eq!(Language::En.replay_message(3), "Message 3");
        assert_eq!(Language::Id.replay_message(3), "Pesan 3");
    }
}

//! Each text of the catalogues as a function of the values that are put into it, so that the compiler knows
//! every name and every value; the test below holds both catalogues against the lists.

use figures::{heads, texts};
use maud::{Markup, PreEscaped, Render};

use super::Language;

/// Sentences of the report, in which a value may be a link. What the texts themselves say needs no escaping;
/// the test sees to that.
macro_rules! sentences {
    ($($name:ident($($value:ident),*),)*) => {
        impl Language {
            $(pub(crate) fn $name(self, $($value: impl Render),*) -> Markup {
                let values = [$((stringify!($value), $value.render().0)),*];
                PreEscaped(self.catalogue().text(stringify!($name), &values))
            })*
        }
        #[cfg(test)]
        const SENTENCES: &[(&str, &[&str])] = &[$((stringify!($name), &[$(stringify!($value)),*])),*];
    };
}

texts! {
    #[cfg(test)]
    TEXTS:

    counts(succeeded, failed), in_bursts(counts, bursts), table_of(mode), table_of_raw(mode),
    lists_of(mode), table_notes,

    cell(what, clients), server(mode, workers), workers(count), pool(workers),
    load(clients, volume), row(mode, number), repetitions(count), seconds(number),

    starting(server), calibrating, not_measured(server, why), replaced_when_warm(server, why),
    ceiling_not_measured(why), disturbed(why), time_left(time), removed_abandoned(dir),
    left_behind(names), and_more(names, more), perhaps_left_behind(why), watch_now(done, all, what),

    configurations(completed, failed, all), failed_clients(cell, count, cause, sentence),
    invalid_cell(cell, why), missing_transfers(count), report, next_resume, next_whole, next_repeat,
    next_modes, next_encodings, next_compare,

    mark_quick, mark_partial, mark_invalid(cells), mark_disturbed(cells), mark_injected(faults),

    plan_rows(rows, cells, repetitions), plan_time(time), plan_payload(payload, bytes),
    plan_disk(disk), plan_memory(memory), about_seconds(count), about_minutes(count),
    about_hours(count),

    all, nothing_compared, not_compared, rows_because(count, reason), loads_because(count, reason),
    across_machines, machines_differ, verdict_faster, verdict_slower, verdict_same,
    verdict_inconclusive, verdict_not_comparable, side_run, side_mode(mode),
    other_machine(what, in_a, in_b), other_settings(what, in_a, in_b), side_invalid(side),
    side_partial(side), not_measured_in(side), clients_failed_in(count, side),
    too_many_repetitions(side), comparison_notes,

    which_mode, fastest, operation_all_loads(operation), modes_under(load, fastest, others),
    mode_same(mode, ratio, range), mode_slower(mode, ratio, range), mode_unsure(mode, ratio, range),
    mode_not_comparable(mode), no_mode_tested(repetitions), no_mode_slower, matrix_corner,
    matrix_notes, each_load, how_judged,
    slower_under(mode, count, loads, worst), worst_under(ratio, fastest, range, cell),
    unsure_under(unsure, loads, p), mode_notes,

    ask_clients, clients_needed(most), ask_message, message_needed, all_backends, too_few_workers(workers, clients), client_count(count),
    load_of(clients, server, mix, pace), closed_loop(requests), closed_loop_for(duration),
    open_loop(rate, duration), response_time, first_byte, each_client, by_backend, more_clients(count),
    longest_gap(length, from), failed_requests(count, cause, sentence), unsent(count),
    load_interrupted(unfinished), load_invalid(why), wrong_answers(count), uploads_unverified(why),
    target_counts_nothing,
    target_counts_unknown(why), both_counts(requests, clients, target), counts_agree(counts), counts_fit(counts), backends_fit(counts),
    load_notes, load_title(server), load_opening(rate, p50, p99), load_unanswered,
    load_begun, load_measuring(counts), load_answered_note(time), load_mean, load_mean_note(longest), load_gap_note(from), load_figure,
    load_caption, load_panel,

    balance_measured, balance_worlds, balance_calibrating,
    balance_calibrated(worker, transit),
    balance_of(servers, workers, service, utilisation, requests, repetitions),
    balance_besides(places, worker, transit), balance_full(policy, places),
    balance_row(number, all, scenario, policy), balance_quick, balance_invalid(row, why),
    balance_as_simulated(within, rows, band, worst, mean, p99),
    balance_side(below, rows, least, most, middle), balance_overhead_long(measured, simulated),
    balance_below_paper(below, rows), balance_slow(times, order, best, best_share, worst, worst_share),
    balance_equal(order), balance_once, balance_incidents(failed, all, retries, longest, row),
    balance_pause(gap, undisturbed), balance_pause_common, balance_notes, balance_scenarios(times, burst),
    balance_policies, balance_title(started), balance_opening(times, order), balance_opening_equal(best, mean),
    balance_not_ranked, balance_pair(row, measured, expected),
    balance_quantile(policy, quantile, measured, simulated), balance_answered, balance_answered_note(rows),
    balance_failures_note(requests), balance_agreeing, balance_agreeing_value(within, rows),
    balance_agreeing_note(band), balance_gap, balance_longest, balance_longest_note(row),
    balance_disturbed(rows, all), balance_why_off(others, names, disturbed),
    balance_shares_title, balance_shares_caption, balance_seconds, balance_latencies_title,
    balance_latencies_caption, balance_simulated, balance_quantile_axis, balance_shortest, balance_axis_longest,
    balance_incidents_title, balance_incidents_caption, balance_failed,
    balance_cost(scenario, failed, retries, longest), balance_back, balance_simulated_mean, balance_simulated_p99,
    balance_paper_mean, balance_distances_title, balance_distance_axis, balance_band(band), balance_worlds_caption,
    balance_raw_rows, balance_raw_quantiles, balance_raw_servers, balance_raw_slices,
    term_filebalancer,

    report_title(started), measured(modes, rows, planned, repetitions), not_reportable, trial_run, findings,
    figures, tables, meaning, about_tables(repetitions, confidence_min), details,
    raw_row(file, columns), note_disturbed, note_mean, note_limited(limit), note_failed, note_bursts, note_idle,
    flag_disturbed(disturbed, repetitions, why), flag_attempts(attempts, repetitions), flag_invalid(why),
    flag_server(why), opening_failed(failed, clients), opening_untested(apart, operation, repetitions),
    opening_same(apart, operation, scatter), slower_in(mode, count), opening_slower(slower, loads),
    opening_pools(mode, operation, load, pool, rate, worst, ratio), tile_verified,
    tile_verified_note(transfers), tile_failures, tile_failures_note(clients), tile_best, tile_apart,
    tile_apart_note(operation), tile_repetitions, tile_scatter(scatter), tile_no_scatter, by_hand,
    nothing_measured, range(low, high),
    turns_misleading(few, many, few_time, many_time), turns_plain(few, many, few_time, many_time),
    batch_shorter(few, many), batch_same(few, many), batch_longer(few, many),
    limited(rows, of, limit), limited_unknown(rows), lists_soonest(clients, server, mean, files),

    figure(number), data_behind, nothing_to_draw, gantt_title, gantt_play, gantt_pause,
    gantt_step, gantt_state(waiting, served, done), gantt_waiting, gantt_served,
    cost_title, cost_caption(costs), cost_found(costs), cost_of(operation, costs), cost_time(ratio),
    cost_cpu(ratio), cost_goodput(ratio), cost_pair(base64, raw, ratio), cost_cpu_value(seconds),
    cost_mean, cost_axis, no_cost,
    gantt_panel(server, share), gantt_bar(client, worker, waited, finished), gantt_axis, no_timeline, goodput_title, no_ceiling, goodput_ceiling, goodput_axis, goodput_panel(operation, volume, pool),
    goodput_others(volumes), time_title,
    time_axis, no_time_parts, dots_title, dots_panel(operation), dots_client, dots_mean, dots_last,
    no_clients, memory_title, memory_end(memory, goodput), memory_axis, no_memory, prediction_title,
    prediction_band(band), prediction_axis, prediction_panel(mode),
    prediction_pair(measured, predicted, error), no_prediction,

    about_goodput_head, about_goodput, about_prediction_head, about_prediction(band),
    about_ceiling_head, about_ceiling(limit), about_disturbance_head,
    about_disturbance(share, tolerance),

    disclosure, unknown, term_cpu, term_cores, term_memory, term_swap, term_kernel, term_filesystem,
    term_load, term_tcp_rmem, term_tcp_wmem, term_huge_pages, term_version, term_commit, term_rustc,
    term_build, term_stress_run, term_fileserver, term_command_line, term_started, term_resumed,
    term_connected_to, term_injected, term_timeout, term_preset, term_servers, term_operations,
    term_encodings, term_volumes, term_clients, term_client_pool, term_sink, term_repetitions, term_seed,
    term_min_time, term_reruns, term_rows, term_payload, sink_file, sink_null, raw_files,
    raw_environment, raw_cells, raw_ceilings, raw_workers, cores(count), unknown_cpu, unknown_kernel,
    unknown_filesystem,
}

// What cells.csv says, always in English: why a cell was disturbed, or must not be used.
texts! {
    RETOLD:

    others_took(available, foreign, steal), pages_swapped(pages), limit_stopped(times),
    stood_still(watched, still), server_was_stopped, wrong_bytes(clients),
    counts_disagree(ok, failed, server_ok, server_failed), no_worker_served,
    bytes_disagree(bytes, server_bytes), counts_afterwards(why),
}

sentences! {
    of_row(value, row), failures(failed, clients, rows, row, causes), best(load, servers),
    best_server(operation, rate, mode, workers, source),
    turns(mode, operation, load, mean, batch, rows), least_to_most(operation, least, most),
    gantt_caption(operation, load, rows), gantt_left_out(row, left_out), tile_best_note(operation, row),
    goodput_caption(ranges, limited), time_caption(load, least, most, cpu, run_queue),
    dots_caption(load, ratios), memory_caption(load, ends),
    memory_ends(operation, least, most, memory, goodput),
    prediction_caption(within, rows, band, worst),
}

heads! {
    #[cfg(test)]
    HEADS:

    response_columns: 10, first_byte_columns: 7, client_columns: 9, backend_columns: 4,
    table_columns: 9, screen_columns: 9, names_column: 1, comparison_columns: 9, tally_columns: 8, mode_columns: 9,
    row_terms: 12, cost_measures: 3, cost_columns: 14, gantt_columns: 5, goodput_columns: 9, time_parts: 4, time_columns: 8,
    dots_columns: 6, memory_columns: 5, prediction_columns: 8,
    balance_measured_columns: 9, balance_worlds_columns: 10, balance_shares_columns: 5,
    balance_latencies_columns: 5, balance_incidents_columns: 6, balance_compared_columns: 9,
}

#[cfg(test)]
mod tests {
    use figures::{Numbers, catalogue::faults};
    use runs::{GATE_TEXTS, WATCH_TEXTS};

    use super::*;

    const CATALOGUES: [(&str, &str); 2] =
        [("en.ftl", include_str!("en.ftl")), ("id.ftl", include_str!("id.ftl"))];

    #[test]
    fn each_catalogue_has_every_text_with_its_values_and_nothing_else() {
        let asked = [TEXTS, RETOLD, SENTENCES, GATE_TEXTS, WATCH_TEXTS].concat();
        for (file, catalogue) in CATALOGUES {
            assert_eq!(faults(catalogue, &asked, HEADS), [""; 0], "{file}");
        }
        assert_eq!(Language::Id.table_columns()[3], "Jumlah client worker pool");
    }

    #[test]
    fn a_count_of_one_has_its_own_words() {
        let english = [0, 1, 2].map(|count| Language::En.workers(count));
        assert_eq!(english, ["an unknown number of workers", "1 worker", "2 workers"]);
        let indonesian = [1, 2].map(|count| Language::Id.load(count, "10 MiB"));
        let expected = ["1 client dengan 10 MiB", "2 client dengan masing-masing 10 MiB"];
        assert_eq!(indonesian, expected);
    }

    #[test]
    fn what_a_raw_file_says_is_said_again_in_the_language() {
        let told = |language: Language| {
            let [available, foreign] = [2.0, 0.09].map(|seconds| language.decimal(seconds, 2));
            [
                language.others_took(available, foreign, 0),
                language.pages_swapped(3),
                language.limit_stopped(2),
                language.stood_still(1, 2),
                language.server_was_stopped(),
                language.wrong_bytes(1),
                language.counts_disagree(5, 0, 4, 1),
                language.no_worker_served(),
                language.bytes_disagree(10, 9),
                language.counts_afterwards("connection refused"),
            ]
        };
        let (stored, indonesian) = (told(Language::En), told(Language::Id));
        assert_eq!(stored.len(), RETOLD.len());
        for (stored, expected) in stored.iter().zip(&indonesian) {
            assert_eq!(Language::Id.retold(stored), *expected);
            assert_eq!(Language::En.retold(stored), *stored);
        }
        assert_eq!(Language::Id.retold(&stored.join("; ")), indonesian.join("; "));
        assert_eq!(Language::Id.retold("the disk is full"), "the disk is full");
    }

    #[test]
    fn a_value_in_a_sentence_is_escaped_and_a_link_is_not() {
        let sentence = Language::En.of_row("<b>", maud::html! { a href="#thread-1" { "thread" } });
        assert_eq!(sentence.0, "&lt;b&gt; (<a href=\"#thread-1\">thread</a>)");
    }
}

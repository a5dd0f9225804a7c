//! Each text of the catalogues as a function of the values that are put into it; the test below holds both
//! catalogues against the lists.

use figures::{heads, texts};

use super::Language;

texts! {
    #[cfg(test)]
    TEXTS:

    log_ready(node), log_neighbour(node, neighbour), log_neighbour_left(neighbour), log_neighbour_lost(neighbour, why),
    log_unreachable(neighbour, why, seconds), log_relay_unreachable(relay, why), log_query(node, name),
    log_found(name, holder),
    log_response(holder, seconds), log_hops(hops), log_not_found(name, seconds),
    log_served(name, bytes, peer), log_done(seconds, throughput), log_dropped(holder, why),
    log_refused(peer, why),

    demo_ports(wanted, why, taken), demo_result(name, holder, hops, milliseconds, bytes),
    demo_left(log),

    alone_reaches, shares_nothing, ticket_alone, ticket_anybody, ticket_void, sent(size, peer, time),
    sent_away(peer, why), nobody_has_it(ttl), first_answer(milliseconds), other_contents(name, others),
    fetched(file, size, time, rate, holders), fetched_before(file, size, time),
    fetched_unchecked(file, size, time, holder), were_there(size), was_dropped(holder, why), holder_slow(holder),
    holder_lost(holder, why), holder_dropped(holder, why),

    method_flood, method_rings, method_walkers, method_bloom,

    unknown, report, findings, figures, by_hand, not_reportable, tile_searches, tile_searches_note(cases),
    tile_messages_note(nodes, median, found), tile_off, tile_off_note, exactly, about_reachable, walks_end(messages), table, meaning, disclosure, nothing_to_draw, data_behind,
    figure(number), notes, predicted, simulated, at_least(number),

    title(started), what(searches, seeds, degree, holders, ttl), mark_partial(cases),
    case_done(number, all, case), stopping,

    found_messages(nodes, flood, rings, walkers, bloom), found_mean(messages, found),
    found_bloom(fewer, bloom, flood), found_spread(nodes, half, most, mean),
    found_prediction(off), found_prediction_exactly, found_reach(nodes, share, ttl), found_all(searches),
    found_hops(nodes, mean, most),
    found_churn(away, flood, rings, walkers, bloom, there),
    found_there(flood, rings, walkers, bloom),

    growth_title, growth_caption, growth_nodes, growth_messages, growth_hops, growth_milliseconds,
    spread_title, spread_caption(nodes), spread_part, spread_messages, churn_title, churn_caption(nodes),
    churn_found, churn_away,

    raw_files, raw_environment, raw_searches, term_seeds, term_latency, term_online,
}

heads! {
    #[cfg(test)]
    HEADS:

    found_columns: 5, summary_columns: 12, growth_columns: 6, spread_columns: 4, churn_columns: 4,
}

#[cfg(test)]
mod tests {
    use figures::catalogue::faults;
    use runs::{GATE_TEXTS, PROGRAM_TEXTS};

    use super::*;

    #[test]
    fn each_catalogue_has_every_text_with_its_values_and_nothing_else() {
        let asked = [TEXTS, GATE_TEXTS, PROGRAM_TEXTS].concat();
        for (file, catalogue) in
            [("en.ftl", include_str!("en.ftl")), ("id.ftl", include_str!("id.ftl"))]
        {
            assert_eq!(faults(catalogue, &asked, HEADS), [""; 0], "{file}");
        }
    }

    #[test]
    fn a_text_is_in_its_language() {
        assert_eq!(Language::En.figure(3), "Figure 3");
        assert_eq!(Language::Id.figure(3), "Gambar 3");
    }
}

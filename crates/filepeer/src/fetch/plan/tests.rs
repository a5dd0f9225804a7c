use super::*;

const MIB: u64 = 1024 * 1024;

fn ms(ms: u64) -> Duration {
    Duration::from_millis(ms)
}

/// A plan for one range, with so many holders.
fn plan(size: u64, holders: usize) -> Plan {
    let mut plan = Plan::new(std::iter::once(0..size));
    (0..holders).for_each(|holder| plan.add_holder(holder));
    plan
}

/// Who is asked for what.
fn asked(orders: &[Order]) -> Vec<(HolderIndex, Range<u64>)> {
    let asked = orders.iter().filter_map(|order| match order {
        Order::Ask { holder, bytes, .. } => Some((*holder, bytes.clone())),
        Order::Cancel { .. } | Order::Stop { .. } => None,
    });
    asked.collect()
}

/// So many more bytes of a span have come.
fn come(plan: &mut Plan, span: SpanId, len: u64, now: Duration) -> u64 {
    let at = plan.under_way.get(&span).map_or(0, |under_way| under_way.verified);
    plan.verified(span, at, len, now)
}

fn span_of(orders: &[Order], wanted: HolderIndex) -> SpanId {
    let span = orders.iter().find_map(|order| match order {
        Order::Ask { span, holder, .. } if *holder == wanted => Some(*span),
        _ => None,
    });
    span.unwrap()
}

#[test]
fn spans_go_to_whoever_is_free() {
    let mut plan = plan(40 * MIB, 2);
    let orders = plan.orders(ms(0));
    let span = |number: u64| number * SPAN_LEN..(number + 1) * SPAN_LEN;
    assert_eq!(asked(&orders), [(0, span(0)), (1, span(1)), (0, span(2)), (1, span(3))]);
    assert_eq!(plan.orders(ms(0)), []);

    let first_of_1 = span_of(&orders, 1);
    assert_eq!(come(&mut plan, first_of_1, SPAN_LEN, ms(100)), SPAN_LEN);
    plan.ended(first_of_1, ms(100));
    assert_eq!(asked(&plan.orders(ms(100))), [(1, span(4))]);
}

#[test]
fn only_what_is_missing_is_asked_for() {
    let mut plan = Plan::new([MIB..2 * MIB, 9 * MIB..10 * MIB + 5]);
    assert_eq!(plan.left(), 2 * MIB + 5);
    plan.add_holder(0);
    let expected = [(0, MIB..2 * MIB), (0, 9 * MIB..10 * MIB + 5)];
    assert_eq!(asked(&plan.orders(ms(0))), expected);
}

#[test]
fn what_a_lost_holder_had_verified_is_not_asked_for_again() {
    let mut plan = plan(8 * MIB, 1);
    let orders = plan.orders(ms(0));
    come(&mut plan, span_of(&orders, 0), MIB, ms(10));
    plan.retire(0);
    assert_eq!(plan.take_back(0, ms(20)).len(), 2);
    assert_eq!(plan.left(), 7 * MIB);

    plan.add_holder(1);
    let mut again = asked(&plan.orders(ms(20)));
    again.sort_by_key(|(_, bytes)| bytes.start);
    assert_eq!(again, [(1, MIB..4 * MIB), (1, 4 * MIB..8 * MIB)]);
}

#[test]
fn a_slow_holder_loses_the_last_span_to_a_fast_one() {
    let mut plan = plan(8 * MIB, 2);
    let orders = plan.orders(ms(0));
    let (fast, slow) = (span_of(&orders, 0), span_of(&orders, 1));
    come(&mut plan, slow, 64 * 1024, ms(400));
    come(&mut plan, fast, 4 * MIB, ms(400));
    plan.ended(fast, ms(400));
    let rest = 4 * MIB + 64 * 1024..8 * MIB;
    let orders = plan.orders(ms(400));
    assert_eq!(orders[0], Order::Cancel { span: slow, holder: 1 });
    assert_eq!(asked(&orders), [(0, rest)]);
    // What still comes of it counts for nobody, and is not missed.
    assert_eq!(come(&mut plan, slow, MIB, ms(401)), 0);
    plan.ended(slow, ms(402));
    assert_eq!(plan.left(), 4 * MIB - 64 * 1024);
}

#[test]
fn holders_of_one_pace_share_what_is_left() {
    let mut plan = plan(8 * MIB, 1);
    let orders = plan.orders(ms(0));
    let Order::Ask { span: first, .. } = orders[0] else { panic!("{orders:?}") };
    let Order::Ask { span: second, .. } = orders[1] else { panic!("{orders:?}") };
    plan.add_holder(1);
    assert_eq!(plan.orders(ms(100)), [], "too early to say");
    // Both at the pace that a new holder is trusted with.
    come(&mut plan, first, MIB / 2, ms(500));
    come(&mut plan, second, MIB / 2, ms(500));
    let orders = plan.orders(ms(500));
    let middle = |start: u64| start + MIB / 2 + 7 * MIB / 4;
    let mut halves = asked(&orders);
    halves.sort_by_key(|(_, bytes)| bytes.start);
    assert_eq!(halves, [(1, middle(0)..4 * MIB), (1, middle(4 * MIB)..8 * MIB)]);

    // Who has sent what is left to it is told to stop, and what comes beyond is not counted twice.
    come(&mut plan, first, 7 * MIB / 4, ms(2000));
    assert_eq!(come(&mut plan, first, PIECE_LEN, ms(2001)), 0);
    assert!(plan.orders(ms(2001)).contains(&Order::Stop { span: first }));
}

#[test]
fn what_ends_soon_is_left_as_it_is() {
    let mut plan = plan(4 * MIB, 1);
    let orders = plan.orders(ms(0));
    plan.add_holder(1);
    come(&mut plan, span_of(&orders, 0), 3 * MIB, ms(500));
    assert_eq!(plan.orders(ms(500)), []);
}

#[test]
fn a_holder_that_stalls_at_the_end_holds_nothing_up() {
    let mut plan = plan(4 * MIB, 1);
    let orders = plan.orders(ms(0));
    let span = span_of(&orders, 0);
    come(&mut plan, span, 4 * MIB - PIECE_LEN, ms(500));
    plan.add_holder(1);
    assert_eq!(plan.orders(ms(600)), []);
    let orders = plan.orders(ms(500) + QUIET_AFTER);
    assert_eq!(orders[0], Order::Cancel { span, holder: 0 });
    assert_eq!(asked(&orders), [(1, 4 * MIB - PIECE_LEN..4 * MIB)]);
}

#[test]
fn a_quiet_holder_is_asked_for_nothing_else() {
    let mut plan = plan(80 * MIB, 2);
    let orders = plan.orders(ms(0));
    let of_1 = span_of(&orders, 1);
    come(&mut plan, of_1, SPAN_LEN / 2, ms(900));
    come(&mut plan, of_1, SPAN_LEN / 2, QUIET_AFTER);
    plan.ended(of_1, QUIET_AFTER);
    assert_eq!(asked(&plan.orders(QUIET_AFTER)), []);
    assert_eq!(plan.silent_for(QUIET_AFTER, QUIET_AFTER), [0, 1]);
}

#[test]
fn nothing_is_counted_that_is_not_next_in_its_span() {
    let mut plan = plan(4 * MIB, 1);
    let span = span_of(&plan.orders(ms(0)), 0);
    assert_eq!(plan.verified(span, PIECE_LEN, PIECE_LEN, ms(1)), 0);
    assert_eq!(plan.verified(span, 0, PIECE_LEN, ms(1)), PIECE_LEN);
    assert_eq!(plan.verified(span, 0, PIECE_LEN, ms(1)), 0);
}

#[test]
fn a_holder_that_sends_little_of_a_span_is_slow_but_not_silent() {
    let mut plan = plan(80 * MIB, 1);
    let orders = plan.orders(ms(0));
    come(&mut plan, span_of(&orders, 0), PIECE_LEN, ms(900));
    assert!(plan.silent_for(ms(1000), ms(1800)).is_empty());
    assert_eq!(plan.silent_for(ms(1000), ms(1900)), [0]);
}

#[test]
fn a_span_that_ends_early_is_open_again() {
    let mut plan = plan(4 * MIB, 1);
    let orders = plan.orders(ms(0));
    let span = span_of(&orders, 0);
    come(&mut plan, span, MIB, ms(1));
    plan.ended(span, ms(2));
    assert_eq!(asked(&plan.orders(ms(2))), [(0, MIB..4 * MIB)]);
}

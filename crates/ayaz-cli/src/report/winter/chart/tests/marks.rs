//! Marks and labels of a chart.

use super::*;

#[test]
fn a_band_that_was_driven_with_a_cold_cabin_is_hollow_and_marked() {
    let mut cold = band("a", -30, 5, 1.2);
    cold.energy.is_cabin_cold = Some(true);
    let warm = || band("a", -28, 5, 2.0);
    let (_, marked) = chart(vec![cold.clone(), warm()], &[], Theme::Light);
    cold.energy.is_cabin_cold = Some(false);
    let (_, plain) = chart(vec![cold, warm()], &[], Theme::Light);
    let bars = |svg: &str| svg.matches("<rect").count();
    // One rectangle in the plot, and two in the legend's sign.
    assert_eq!(bars(&marked), bars(&plain) + 3);
    let texts = |svg: &str| -> Vec<String> {
        let document = Document::parse(svg).unwrap();
        written(&document).into_iter().map(|it| it.text).collect()
    };
    let (marked, plain) = (texts(&marked), texts(&plain));
    assert!(marked.contains(&"250!".to_owned()) && plain.contains(&"250".to_owned()));
    assert!(marked.contains(&"150".to_owned()), "{marked:?}");
    let says = |texts: &[String]| texts.iter().any(|text| text.contains("cold cabin"));
    assert!(says(&marked) && !says(&plain));
}

#[test]
fn a_trip_with_a_cold_cabin_is_crossed_out() {
    let bands = || vec![band("a", -30, 5, 2.0)];
    let trips = |is_cabin_cold| {
        let cold = TripRange {
            is_cabin_cold,
            ..trip("a", -29.0, 1.2)
        };
        [cold, trip("a", -29.0, 2.0)]
    };
    let lines = |svg: &str| svg.matches("<polyline").count();
    let (_, plain) = chart(bands(), &trips(Some(false)), Theme::Light);
    let (_, crossed) = chart(bands(), &trips(Some(true)), Theme::Light);
    check(&crossed);
    // Two strokes over the dot, and two over the sign in the legend.
    assert_eq!(lines(&crossed), lines(&plain) + 4);
    let entry = "crossed out: a trip with a cold cabin";
    assert!(crossed.contains(entry) && !plain.contains(entry));
}

#[test]
fn the_label_of_mild_weather_is_above_its_area() {
    for edges in [&[-30, 10][..], &[-30, 10, 15], &[0, 10, 15, 20]] {
        let bands = edges.iter().map(|edge| band("a", *edge, 5, 1.0)).collect();
        let (figures, svg) = chart(bands, &[], Theme::Light);
        check(&svg);
        let page = Page::new(&figures);
        let (from, to) = (page.x(10.0), page.x(20.0).min(f64::from(page.right)));
        let document = Document::parse(&svg).unwrap();
        let texts = written(&document);
        let label = texts.iter().find(|text| text.text.starts_with("mild"));
        let [left, _, right, _] = label.unwrap().space;
        assert!(from - 1.0 <= left && right <= to + 1.0, "{edges:?}");
    }
}

"""What may cross between machines, and nothing else: signed, encrypted where it must be, the same bytes for everybody.

One sitting in ten lines (the whole chain runs in tests/parcel/test_whole_chain.py):

    listed  = trust.load([trust_json], root)                                   everybody, root pinned
    request = enrolment.ask(listed, …)                                         the site's machine
    record  = manifest.sign("enrolment", enrolment.accept(request, listed, …), [acceptor, acceptor, province])
    order   = seal_order.sign(seal_order.draft(listed, edges=[enrolment.read(record, listed)], …), approvals, center)
    sealed  = exam_parcel.build(order payload, edges, [("item", id, bytes), …], custodians, listed, …)      vault
    parcel  = exam_parcel.Parcel(sealed.parcel, listed)                        center: sees digests, opens nothing
    seats   = seating.seal(body, approvals, center, edges, listed, …)          center → edge
    token   = key_release.make(listed, parcel, edge, share_b, approvals, key_service, challenge=…, stage=1, …)
    secrets = parcel.unlock(share_a, key_release.take(token, …)[1], kid, key)  edge, in memory only
    back    = return_parcel.finish(*return_parcel.draft(listed, edge, contents, …), [machine, head, second])
    scores  = outcomes.seal(listed, return_parcel.check(back, listed), hash, results=…, …)                   vault
    receipt.sign(…) · certificate.sign(…) · certificate.seal_pdf(…)            center

Every refusal is `Rejected` with a short code and a Chinese text that says what, where and what to do.
"""
